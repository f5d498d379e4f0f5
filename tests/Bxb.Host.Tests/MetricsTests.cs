using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Bxb.EventLog;
using Bxb.Host.Settings;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Host.Tests;

/// <summary>What the host's meters offer.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Every_histogram_has_buckets_of_its_own()
    {
        var histograms = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name.StartsWith("Bxb.", StringComparison.Ordinal) && instrument.GetType().Name.StartsWith("Histogram", StringComparison.Ordinal))
            {
                histograms.Add(instrument);
            }
        };
        listener.Start();
        await using var services = Services();
        foreach (var type in InstrumentTypes())
        {
            ActivatorUtilities.GetServiceOrCreateInstance(services, type);
        }

        // The seconds of the log, of batches, relay, statements, loads, checkpoints, queries and requests.
        histograms.Count(h => h.Unit == "s").ShouldBeGreaterThanOrEqualTo(9);
        histograms.Where(h => Boundaries(h) is not { Length: > 5 }).Select(h => h.Name).ShouldBeEmpty();
        histograms.Where(h => h.Unit == "s" && Convert.ToDouble(Boundaries(h)![0], CultureInfo.InvariantCulture) > 0.005).Select(h => h.Name)
            .ShouldBeEmpty("A duration's first bucket ends within milliseconds.");
    }

    private static IEnumerable<Type> InstrumentTypes() => Directory.EnumerateFiles(AppContext.BaseDirectory, "Bxb.*.dll")
        .Where(file => !file.EndsWith("Tests.dll", StringComparison.Ordinal) && !file.EndsWith("Bxb.Embedded.Engine.dll", StringComparison.Ordinal))
        .SelectMany(file => Assembly.LoadFrom(file).GetTypes())
        .Where(type => type.Name.EndsWith("Instruments", StringComparison.Ordinal));

    private static ServiceProvider Services()
    {
        var bxb = new ConfigurationBuilder().AddInMemoryCollection([new("Bxb:Transport", "Kafka"), new("Bxb:Kafka:BootstrapServers", "127.0.0.1:1")]).Build().GetSection("Bxb");
        return new ServiceCollection().AddLogging().AddMetrics().AddSingleton(TimeProvider.System)
            .AddEventLog(log => log.ConnectionString = "Host=127.0.0.1;Port=1")
            .AddParts(bxb)
            .UsingKafka(withRelay: true)
            .AddRiders(_ => { })
            .BuildServiceProvider();
    }

    private static object[]? Boundaries(Instrument histogram)
    {
        var advice = histogram.GetType().GetProperty("Advice")!.GetValue(histogram);
        var boundaries = advice?.GetType().GetProperty("HistogramBucketBoundaries")!.GetValue(advice);
        return boundaries is System.Collections.IEnumerable all ? all.Cast<object>().ToArray() : null;
    }
}

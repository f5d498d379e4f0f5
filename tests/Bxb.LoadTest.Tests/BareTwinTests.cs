using Bxb.LoadTest.Target;

namespace Bxb.LoadTest.Tests;

/// <summary>The twin, its PostgreSQL and the generator for real, for two seconds each.</summary>
public sealed class BareTwinTests
{
    [Theory]
    [InlineData(100, 4, 10, null)]
    [InlineData(50, 3, 25, 2000.0)]
    public async Task What_is_acknowledged_stands_in_its_log(int batch, int connections, double duplicates, double? rate)
    {
        var settings = new LoadSettings
        {
            StartHost = true, Batch = batch, Connections = connections, DuplicatePercent = duplicates, Rate = rate,
            Duration = TimeSpan.FromSeconds(2), WarmUp = TimeSpan.FromSeconds(1), Organizations = 2,
        };
        settings.Fault().ShouldBeNull();
        await using var host = await TargetHost.BareAsync(settings, CancellationToken.None);

        var figures = await new LoadRun(settings, host, "12345678").RunAsync(isBare: true, CancellationToken.None);

        figures.Differences.ShouldBeEmpty();
        figures.DifferentEvents.ShouldBeGreaterThan(0);
        figures.AckLatency.Count.ShouldBeGreaterThan(0);
        if (rate is { } asked)
        {
            figures.AckLatency.Count.ShouldBeInRange((long)(asked / batch * 2) - 1, (long)(asked / batch * 2) + 1);
        }

        if (OperatingSystem.IsLinux())
        {
            figures.Parts.Select(p => p.Name).ShouldBe(["host", "load generator", "postgresql"]);
            figures.Parts.ShouldAllBe(p => p.CpuSecondsPerMillion > 0 && p.PeakMemoryMib > 0);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_goes_nowhere_but_to_loopback(bool loopback)
    {
        var settings = new LoadSettings { Url = new Uri(loopback ? "http://localhost:8080" : "http://192.0.2.1"), ApiKey = "k" };
        (settings.Fault() is null).ShouldBe(loopback);
    }
}

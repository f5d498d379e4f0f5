using System.Diagnostics;
using Bxb.Riders.Kafka.Relay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Bxb.KafkaBench;

/// <summary>The relay with nothing else going on: a host that starts, makes the topic and carries a log that is there already.</summary>
internal static class RelayRun
{
    /// <summary>Carries everything. The clock runs from the host's start until the last position is stored.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="events">How many events are in the log.</param>
    /// <param name="last">The last one's position.</param>
    /// <param name="topic">A topic that is not there yet.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public static async Task<Round> RunAsync(BenchStage stage, long events, long last, BenchTopic topic, CancellationToken cancellationToken)
    {
        using var host = await stage.BuildAsync(topic, withRelay: true, _ => { });
        var progress = host.Services.GetRequiredService<RelayProgress>();
        var meter = await Meter.PrepareAsync(stage.Kafka.ProcessId);
        meter.Begin();
        await host.StartAsync(cancellationToken);
        while (progress.Current is not { } point || point.Position < last)
        {
            await progress.WaitForChangeAsync(progress.Current, cancellationToken);
        }

        var round = await meter.EndAsync(events, Stopwatch.GetTimestamp());
        await host.StopAsync(cancellationToken);
        return round;
    }
}

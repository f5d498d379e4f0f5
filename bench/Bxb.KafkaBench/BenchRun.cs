using Bxb.EventLog.Appending;
using Bxb.LoadTest.Figures;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Bxb.KafkaBench;

/// <summary>Fills a log, has it carried to a topic for each partition count, and lets plain loop and rider take turns on each.</summary>
internal sealed class BenchRun(BenchSettings settings)
{
    /// <summary>Runs everything and prints the figures as they come.</summary>
    public async Task RunAsync(bool withRider, CancellationToken cancellationToken)
    {
        Console.WriteLine(await Machine.ReadAsync());
        await using var stage = await BenchStage.StartAsync(settings, cancellationToken);
        var last = await FillAsync(stage, cancellationToken);
        Console.WriteLine($"{settings.Events:N0} events are in the log");
        foreach (var partitions in settings.Partitions)
        {
            var topic = stage.Topic($"bxb.bench.{partitions}", partitions);
            BenchReport.Print($"{partitions} partition(s), relay", await RelayRun.RunAsync(stage, settings.Events, last, topic, cancellationToken));
            if (withRider)
            {
                await TakeTurnsAsync(stage, topic, cancellationToken);
            }
        }
    }

    private async Task<long> FillAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        using var host = await stage.BuildAsync(topic: null, withRelay: false, _ => { });
        await host.StartAsync(cancellationToken);
        var last = await new LogFiller(host.Services.GetRequiredService<EventLogAppender>(), settings).FillAsync(cancellationToken);
        foreach (var work in (string[])["vacuum analyze", "checkpoint"])
        {
            // What PostgreSQL would do in the background sooner or later, and then in the middle of a figure.
            await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(work);
            command.CommandTimeout = 600;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await host.StopAsync(cancellationToken);
        return last;
    }

    private async Task TakeTurnsAsync(BenchStage stage, BenchTopic topic, CancellationToken cancellationToken)
    {
        var partitions = topic.Partitions;
        using var clients = await stage.BuildAsync(topic, withRelay: false, _ => { });
        var (plain, rider) = (new List<Round>(), new List<Round>());
        for (var round = 0; round <= settings.Rounds; round++)
        {
            var config = clients.Services.GetRequiredService<KafkaClients>().Consumer($"plain-{partitions}-{round}");
            var byItself = await PlainLoop.RunAsync(config, topic.Name, settings.Events, await Meter.PrepareAsync(stage.Kafka.ProcessId), cancellationToken);
            var handed = await RiderRun.RunAsync(stage, settings, topic, $"rider-{partitions}-{round}", await Meter.PrepareAsync(stage.Kafka.ProcessId), cancellationToken);
            BenchReport.Print($"{partitions} partition(s), plain loop, round {round}", byItself);
            BenchReport.Print($"{partitions} partition(s), rider, round {round}", handed);
            if (round > 0)
            {
                plain.Add(byItself);
                rider.Add(handed);
            }
        }

        BenchReport.PrintRatio(partitions, plain, rider);
    }
}

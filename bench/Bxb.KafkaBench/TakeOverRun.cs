using System.Diagnostics;
using System.Globalization;
using Bxb.EventLog.Appending;
using Bxb.LoadTest.Figures;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.KafkaBench;

/// <summary>
/// How long the log is not carried when the active relay's process is killed, and when it is suspended, while events come in: from the signal until the other one has stored its first flush.
/// </summary>
internal sealed class TakeOverRun(BenchSettings settings)
{
    private const string Topic = "bxb.bench.takeover";
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan AppendInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs all rounds and prints the figures as they come.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine(await Machine.ReadAsync());
        await using var stage = await BenchStage.StartAsync(settings, cancellationToken);
        using var host = await stage.BuildAsync(topic: null, withRelay: false, _ => { });
        await host.StartAsync(cancellationToken);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var appending = AppendAsync(host.Services.GetRequiredService<EventLogAppender>(), done.Token);
        await TakeTurnsAsync(stage, host.Services.GetRequiredService<NpgsqlDataSource>(), cancellationToken);
        await done.CancelAsync();
        await appending;
        await host.StopAsync(cancellationToken);
    }

    private async Task TakeTurnsAsync(BenchStage stage, NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var topic = stage.Topic(Topic, settings.Partitions[^1]);
        var (killed, suspended) = (new List<double>(), new List<double>());
        var active = await RelayProcess.StartAsync(stage.Postgres, topic, cancellationToken);
        try
        {
            await CarriedByAsync(database, active.Id, cancellationToken);
            for (var round = 0; round <= settings.Rounds; round++)
            {
                foreach (var (end, seconds) in new (Action<RelayProcess> End, List<double> Seconds)[] { (r => r.Kill(), killed), (r => r.Suspend(), suspended) })
                {
                    var next = await RelayProcess.StartAsync(stage.Postgres, topic, cancellationToken);
                    var begun = Stopwatch.GetTimestamp();
                    end(active);
                    await CarriedByAsync(database, next.Id, cancellationToken);
                    var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;
                    await active.DisposeAsync();
                    active = next;
                    if (round > 0)
                    {
                        seconds.Add(took);
                    }
                }
            }
        }
        finally
        {
            await active.DisposeAsync();
        }

        BenchReport.PrintTakeOver("killed", killed);
        BenchReport.PrintTakeOver("suspended", suspended);
    }

    /// <summary>Returns once a relay is the owner and has stored a flush of its own.</summary>
    private static async Task CarriedByAsync(NpgsqlDataSource database, int process, CancellationToken cancellationToken)
    {
        await using var look = database.CreateCommand("select owner, position from event_log.relay where topic = $1");
        look.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Topic });
        long? first = null;
        using var timer = new PeriodicTimer(LookInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            await using var row = await look.ExecuteReaderAsync(cancellationToken);
            if (await row.ReadAsync(cancellationToken) && row.GetString(0).EndsWith(string.Create(CultureInfo.InvariantCulture, $"/{process}"), StringComparison.Ordinal))
            {
                first ??= row.GetInt64(1);
                if (row.GetInt64(1) > first)
                {
                    return;
                }
            }
        }
    }

    private async Task AppendAsync(EventLogAppender appender, CancellationToken cancellationToken)
    {
        var filler = new LogFiller(appender, settings with { Events = int.MaxValue });
        using var timer = new PeriodicTimer(AppendInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await filler.AppendAsync(10, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // All rounds are through.
            return;
        }
    }
}

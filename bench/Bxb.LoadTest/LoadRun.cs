using System.Diagnostics;
using System.Globalization;
using Bxb.LoadTest.Checks;
using Bxb.LoadTest.Figures;
using Bxb.LoadTest.Probe;
using Bxb.LoadTest.Report;
using Bxb.LoadTest.Target;
using Bxb.LoadTest.Traffic;

namespace Bxb.LoadTest;

/// <summary>One run of the load: warm-up, measured time, wait until the stores are in step, check. The same for the product and the bare twin, but for what the twin lacks.</summary>
internal sealed class LoadRun(LoadSettings settings, TargetHost host, string run)
{
    /// <summary>Runs the load and measures.</summary>
    /// <exception cref="LoadException">The load could not be run to its end; there are no figures then.</exception>
    public async Task<RunFigures> RunAsync(bool isBare, CancellationToken cancellationToken)
    {
        using var api = new ApiClient(host.Url);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var observer = isBare ? null : await Observer.PrepareAsync(api, host, run, settings.Freshness, all.Token);
        using var disposable = observer;
        var template = new EventTemplate(run, "load_" + run, settings.Customers);
        var start = Stopwatch.GetTimestamp();
        var pacer = new Pacer(settings, start);
        var senders = Enumerable.Range(0, settings.Connections)
            .Select(i => new Sender(settings, host.Url, host.Organizations[i % host.Organizations.Count], template, pacer, i)).ToArray();
        var sending = Task.WhenAll(senders.Select(s => Task.Run(() => s.RunAsync(all.Token), all.Token)));
        observer?.Start(all.Token);
        try
        {
            await DelayAsync(settings.WarmUp, sending, all.Token);
            var before = await ProcessFigures.ReadAsync(host.ProcessId, host.BrokerProcessId);
            var memory = new MemoryPeak(host.ProcessId, host.BrokerProcessId, all.Token);
            await (observer?.BeginAsync() ?? Task.CompletedTask);
            await DelayAsync(settings.WarmUp + settings.Duration - Stopwatch.GetElapsedTime(start), sending, all.Token);
            await (observer?.EndAsync() ?? Task.CompletedTask);
            await sending;
            await (observer?.SettleAsync(senders.Max(s => s.Position), settings.Drain) ?? Task.CompletedTask);
            var after = await ProcessFigures.ReadAsync(host.ProcessId, host.BrokerProcessId);
            var peak = await memory.StopAsync();
            var differences = isBare ? await CheckBareAsync(api, senders, all.Token) : await CheckAsync(observer!, senders, all.Token);
            return Figures(senders, observer, Uses(before, after, peak, senders.Sum(s => s.EventsAfterWarmUp)), differences);
        }
        finally
        {
            // After a failure the senders are ended and waited for; what they throw then is not the news.
            await all.CancelAsync();
            await sending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private RunFigures Figures(Sender[] senders, Observer? observer, IReadOnlyList<PartUse> parts, IReadOnlyList<string> differences)
    {
        var latency = new LatencyHistogram();
        foreach (var sender in senders)
        {
            latency.Add(sender.Latency);
        }

        var events = senders.Sum(s => s.MeasuredEvents);
        var figures = new RunFigures
        {
            StartSeconds = host.StartTime?.TotalSeconds,
            AcknowledgedEvents = events,
            AcknowledgedPerSecond = events / settings.Duration.TotalSeconds,
            AckLatency = Percentiles.Of(latency),
            Throttled = senders.Sum(s => s.Throttled),
            Resent = senders.Sum(s => s.Resent),
            Parts = parts,
            DifferentEvents = senders.Sum(s => s.Acknowledged.Events),
            Differences = differences,
        };
        return observer?.AddTo(figures) ?? figures;
    }

    /// <summary>Waits, but not for senders that failed meanwhile.</summary>
    private static async Task DelayAsync(TimeSpan delay, Task sending, CancellationToken cancellationToken)
    {
        var wait = Task.Delay(delay > TimeSpan.Zero ? delay : TimeSpan.Zero, cancellationToken);
        if (await Task.WhenAny(wait, sending) == sending)
        {
            await sending;
        }

        await wait;
    }

    private static PartUse[] Uses(
        IReadOnlyDictionary<string, PartFigures> before, IReadOnlyDictionary<string, PartFigures> after, IReadOnlyDictionary<string, double> peak, long events)
        => [.. after.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => new PartUse(
            a.Key, (a.Value.CpuSeconds - before.GetValueOrDefault(a.Key).CpuSeconds) * 1_000_000 / Math.Max(1, events), Math.Max(a.Value.MemoryMib, peak.GetValueOrDefault(a.Key))))];

    private static List<string> CheckAnswers(Sender[] senders)
    {
        var (ingested, duplicates) = (senders.Sum(s => s.ToldIngested), senders.Sum(s => s.ToldDuplicates));
        var (fresh, sentAgain, resent) = (senders.Sum(s => s.Acknowledged.Events), senders.Sum(s => s.SentDuplicates), senders.Sum(s => s.Resent));

        // After a broken connection an event may have been recorded by a request whose answer got lost: then only the sum is known.
        return ingested + duplicates == fresh + sentAgain && (resent > 0 || ingested == fresh)
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"answers: {ingested} ingested and {duplicates} duplicates were told; {fresh} new events and {sentAgain} known ones were sent")];
    }

    private async Task<IReadOnlyList<string>> CheckAsync(Observer observer, Sender[] senders, CancellationToken cancellationToken)
    {
        var differences = CheckAnswers(senders);
        foreach (var organization in senders.GroupBy(s => s.Organization))
        {
            var acknowledged = new Sums();
            foreach (var sender in organization)
            {
                acknowledged.Add(sender.Acknowledged);
            }

            differences.AddRange(await observer.DifferencesAsync(organization.Key, acknowledged, senders.Max(s => s.Position), settings.Drain, cancellationToken));
        }

        return differences;
    }

    private static async Task<IReadOnlyList<string>> CheckBareAsync(ApiClient api, Sender[] senders, CancellationToken cancellationToken)
    {
        var differences = CheckAnswers(senders);
        var (events, bytes) = await api.BareCountAsync(cancellationToken);
        var expected = senders.SelectMany(s => s.Acknowledged.ByRegion.Values).Aggregate((Events: 0L, Bytes: 0L), (a, r) => (a.Events + r.Events, a.Bytes + r.Bytes));
        if ((events, bytes) != expected)
        {
            differences.Add(string.Create(CultureInfo.InvariantCulture, $"bare twin: {events} events with {bytes} bytes; acknowledged were {expected.Events} with {expected.Bytes}"));
        }

        return differences;
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Bxb.LoadTest.Figures;
using Bxb.LoadTest.Target;

namespace Bxb.LoadTest.Probe;

/// <summary>
/// Measures freshness: posts marked events, each of a customer of its own, and asks ClickHouse for their usage again and again, without <c>min_position</c>, until
/// each shows. One question asks for all that are outstanding, so the probe costs one query at a time however far behind the store is.
/// </summary>
/// <remarks>A time contains the query that saw the event and the pause before it (25 ms), so it is rather too long than too short. A probe that the host is too busy to take is left out;
/// the answers 429 and 503 are told beside.</remarks>
internal sealed class FreshnessProbe(ApiClient api, Organization organization, string run) : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(125);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);
    private readonly ConcurrentDictionary<string, (long Acknowledged, DateTimeOffset Timestamp)> _outstanding = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _noMore = new();
    private readonly string _code = "probe_" + run;

    /// <summary>From the acknowledgement to being seen.</summary>
    public LatencyHistogram Times { get; private set; } = new();

    /// <summary>Events that were posted and are not seen yet.</summary>
    public int Outstanding => _outstanding.Count;

    /// <summary>Makes the metric that is asked for.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) => api.CreateMetricAsync(organization.ApiKey, _code, _code, "count", null, cancellationToken);

    /// <summary>Forgets what was measured: the warm-up is over.</summary>
    public void Reset() => Times = new LatencyHistogram();

    /// <summary>Posts no more; <see cref="RunAsync"/> ends when the rest was seen.</summary>
    public Task StopAsync() => _noMore.CancelAsync();

    /// <summary>Probes until it is stopped and everything was seen.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var posting = PostAsync(cancellationToken);
        while (!posting.IsCompleted || !_outstanding.IsEmpty)
        {
            await Task.Delay(Pause, cancellationToken);
            if (!_outstanding.IsEmpty)
            {
                await LookAsync(cancellationToken);
            }
        }

        await posting;
    }

    /// <inheritdoc />
    public void Dispose() => _noMore.Dispose();

    private async Task PostAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Between);
        for (var i = 1; !_noMore.IsCancellationRequested; i++)
        {
            var customer = string.Create(CultureInfo.InvariantCulture, $"probe-{i:000000}");
            var now = TimeProvider.System.GetUtcNow();
            var timestamp = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
            if (await api.PostEventAsync(organization.ApiKey, run + "-" + customer, customer, _code, timestamp, cancellationToken))
            {
                _outstanding[customer] = (Stopwatch.GetTimestamp(), now);
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var from = _outstanding.Values.Min(o => o.Timestamp).AddSeconds(-1);
        var question = new UsageQuestion(_code, "clickhouse", from, TimeProvider.System.GetUtcNow().AddHours(1)) { GroupBy = "external_customer_id" };
        var rows = await api.UsageAsync(organization.ApiKey, question, cancellationToken) ?? [];
        var seen = Stopwatch.GetTimestamp();
        foreach (var row in rows)
        {
            if (_outstanding.TryRemove(row.Group, out var probe))
            {
                Times.Record(Stopwatch.GetElapsedTime(probe.Acknowledged, seen));
            }
        }
    }
}

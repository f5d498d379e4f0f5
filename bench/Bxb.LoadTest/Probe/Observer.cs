using System.Diagnostics;
using Bxb.LoadTest.Checks;
using Bxb.LoadTest.Report;
using Bxb.LoadTest.Target;
using Bxb.LoadTest.Traffic;

namespace Bxb.LoadTest.Probe;

/// <summary>What is watched of the product while the load runs, and asked of it afterwards: the twin has none of it. Not thread-safe.</summary>
internal sealed class Observer : IDisposable
{
    private readonly TargetHost _host;
    private readonly Agreement _agreement;
    private readonly LagWatch _lag;
    private readonly FreshnessProbe? _probe;
    private readonly CancellationTokenSource _watch = new();
    private CancellationToken _cancellationToken;
    private Task _watching = Task.CompletedTask;
    private Task _probing = Task.CompletedTask;
    private (long Events, long At) _begin;
    private (long Events, long At) _end;
    private long _lagAtEnd;
    private TimeSpan _inStep;

    private Observer(TargetHost host, Agreement agreement, LagWatch lag, FreshnessProbe? probe)
    {
        _host = host;
        _agreement = agreement;
        _lag = lag;
        _probe = probe;
    }

    /// <summary>Makes the metrics that will be asked for.</summary>
    public static async Task<Observer> PrepareAsync(ApiClient api, TargetHost host, string run, bool freshness, CancellationToken cancellationToken)
    {
        var agreement = new Agreement(api, run, TimeProvider.System.GetUtcNow().AddMinutes(-1));
        foreach (var organization in host.Organizations)
        {
            await agreement.PrepareAsync(organization, cancellationToken);
        }

        var probe = freshness ? new FreshnessProbe(api, host.Organizations[0], run) : null;
        await (probe?.PrepareAsync(cancellationToken) ?? Task.CompletedTask);
        return new Observer(host, agreement, new LagWatch(api, host.Organizations[0]), probe);
    }

    /// <summary>Begins to watch; the load has begun.</summary>
    public void Start(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _watching = _lag.RunAsync(_watch.Token);
        _probing = _probe?.RunAsync(cancellationToken) ?? Task.CompletedTask;
    }

    /// <summary>The warm-up is over.</summary>
    public async Task BeginAsync()
    {
        _lag.Reset();
        _probe?.Reset();
        // The query's own time counts into what it is divided by, at both ends: the rate is rather too low than too high.
        var now = Stopwatch.GetTimestamp();
        _begin = (await VisibleAsync(), now);
    }

    /// <summary>The measured time is over.</summary>
    public async Task EndAsync()
    {
        _lagAtEnd = await _lag.LookAsync(_cancellationToken);
        _end = (await VisibleAsync(), Stopwatch.GetTimestamp());
        await (_probe?.StopAsync() ?? Task.CompletedTask);
    }

    /// <summary>Waits from the last acknowledgement, which was just now, until both stores cover it, and until every probe was seen.</summary>
    /// <exception cref="LoadException">They do not within the patience.</exception>
    public async Task SettleAsync(long position, TimeSpan patience)
    {
        var lastAcknowledged = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await Task.WhenAll(_host.Organizations.SelectMany(o => new[] { _agreement.CoversAsync(o, "clickhouse", position, limit.Token), _agreement.CoversAsync(o, "postgresql", position, limit.Token) }));
            _inStep = Stopwatch.GetElapsedTime(lastAcknowledged);
            await _probing.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!_cancellationToken.IsCancellationRequested)
        {
            throw new LoadException($"The stores were not in step {patience.TotalSeconds:0} s after the last acknowledgement; {_probe?.Outstanding ?? 0} probes were not seen.");
        }

        await _watch.CancelAsync();
        await _watching;
    }

    /// <summary>Every difference between what an organization was acknowledged and what each store holds.</summary>
    public async Task<IReadOnlyList<string>> DifferencesAsync(Organization organization, Sums acknowledged, long position, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        return
        [
            .. await _agreement.DifferencesAsync(organization, "postgresql", acknowledged, position, limit.Token),
            .. await _agreement.DifferencesAsync(organization, "clickhouse", acknowledged, position, limit.Token),
        ];
    }

    /// <summary>Puts its figures beside those of the load.</summary>
    public RunFigures AddTo(RunFigures figures) => figures with
    {
        ClickHousePerSecond = (_end.Events - _begin.Events) / Stopwatch.GetElapsedTime(_begin.At, _end.At).TotalSeconds,
        Freshness = _probe is null ? null : Percentiles.Of(_probe.Times),
        MaxLagSeconds = _lag.MaxSeconds,
        MaxLagEvents = _lag.MaxEvents,
        LagAtEndEvents = _lagAtEnd,
        InStepSeconds = _inStep.TotalSeconds,
    };

    /// <inheritdoc />
    public void Dispose()
    {
        _watch.Cancel();
        _watch.Dispose();
        _probe?.Dispose();
    }

    private async Task<long> VisibleAsync()
        => await _agreement.VisibleAsync(_host.Organizations, "clickhouse", _cancellationToken) ?? throw new LoadException("ClickHouse does not answer usage queries.");
}

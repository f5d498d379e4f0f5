using System.Diagnostics;
using Bxb.EventLog.Retries;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.EventLog.Reading;

/// <summary>The highest position below which no event can still appear. Readers of the log go no further. Thread-safe; it never goes backwards.</summary>
/// <remarks>
/// One loop probes for all callers, see <see cref="SettledProbe"/>: at once after an append of this host or a notification of another, and every
/// <see cref="EventLogOptions.SettledPollInterval"/> otherwise. It reconnects by itself; while PostgreSQL is away the position does not change.
/// </remarks>
public sealed partial class SettledPosition : BackgroundService
{
    private readonly EventLogConnections _connections;
    private readonly EventLogInstruments _instruments;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<SettledPosition> _logger;
    private readonly OutageLog _away;
    private readonly SettledHold _hold;
    private readonly WakeSignal _wake;
    private TaskCompletionSource _advanced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<long>? _refresh;
    private SettledProbe? _probe;
    private int _renewals;
    private long _current;
    private long _head;

    internal SettledPosition(
        EventLogConnections connections, EventLogInstruments instruments, IOptions<EventLogOptions> options, TimeProvider time, ILogger<SettledPosition> logger)
    {
        _connections = connections;
        _instruments = instruments;
        _options = options.Value;
        _time = time;
        _wake = new WakeSignal(time);
        _logger = logger;
        _away = new OutageLog(logger, "The settled position cannot be looked for; readers wait", time);
        _hold = new SettledHold(logger, time);
        instruments.ObserveSettled(() => Head - Current, () => Current, () => _hold.Duration.TotalSeconds);
    }

    /// <summary>The settled position as of the last probe; 0 before the first one.</summary>
    public long Current => Volatile.Read(ref _current);

    /// <summary>
    /// The highest position known to be taken, settled or not: at least that of every append of this host. It includes appends of other hosts after the next probe,
    /// so call <see cref="RefreshAsync"/> before judging a position that came from outside.
    /// </summary>
    public long Head => Math.Max(Volatile.Read(ref _head), Current);

    /// <summary>
    /// The oldest open transaction while the settled position waits for it for a second or longer; null otherwise. It may run in any database of the server.
    /// </summary>
    public HoldingTransaction? HeldBackBy => _hold.By;

    /// <summary>Waits until the settled position is above a position, and returns it.</summary>
    /// <exception cref="OperationCanceledException">The token, or the host stops.</exception>
    public async ValueTask<long> WaitBeyondAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The signal is read before the value: an advance in between completes this signal.
            var advanced = Volatile.Read(ref _advanced).Task;
            if (Current > position)
            {
                return Current;
            }

            await advanced.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Probes now, and returns the settled position once it covers every position that was taken when this was called.</summary>
    /// <remarks>Waits for open transactions; pass a token with a time limit.</remarks>
    /// <exception cref="EventLogUnavailableException">PostgreSQL did not answer.</exception>
    /// <exception cref="OperationCanceledException">The token, or the host stops.</exception>
    public async ValueTask<long> RefreshAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource<long> mine;
        while (true)
        {
            var pending = Volatile.Read(ref _refresh);
            mine = pending ?? new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (pending is not null || Interlocked.CompareExchange(ref _refresh, mine, null) is null)
            {
                break;
            }
        }

        if (Volatile.Read(ref _advanced).Task.IsCanceled)
        {
            // The loop has ended.
            mine.TrySetCanceled(CancellationToken.None);
        }

        Wake();
        return await mine.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Records that this host committed up to a position: raises <see cref="Head"/> and probes at once. Never waits.</summary>
    internal void Observe(long position)
    {
        Raise(ref _head, position);
        Wake();
    }

    /// <summary>Makes the loop probe at once. Never waits.</summary>
    internal void Wake() => _wake.Raise();

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listener = new LogListener(_connections, this, _time, _logger);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        try
        {
            // If one of them fails, the other ends too: without the probe no caller is served any more.
            var (probing, listening) = (ProbeAsync(stop.Token), listener.RunAsync(stop.Token));
            await Task.WhenAny(probing, listening);
            await stop.CancelAsync();
            await Task.WhenAll(probing, listening);
            LogStopped(_logger, Current);
        }
        finally
        {
            Volatile.Read(ref _advanced).TrySetCanceled(stoppingToken);
            Interlocked.Exchange(ref _refresh, null)?.TrySetCanceled(stoppingToken);
            await CloseAsync();
        }
    }

    private Task ProbeAsync(CancellationToken stop)
    {
        var retries = new RetryLoop(new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)), _time) { IsRetriable = IsAway, ResetAfter = TimeSpan.MaxValue };
        return retries.RunAsync(
            async cancellationToken =>
            {
                await ProbeOnceAsync(cancellationToken);
                retries.Succeeded();
                _away.Succeeded();
                await Task.Delay(_options.SettledProbeSpacing, _time, cancellationToken);
                await _wake.WaitAsync(_options.SettledPollInterval, cancellationToken);
                return true;
            },
            async (exception, _) =>
            {
                _away.Failed(exception);
                await CloseAsync();
            },
            stop);
    }

    /// <summary>Probes once and completes the callers of <see cref="RefreshAsync"/> that were waiting when it began, with the result or the failure.</summary>
    private async Task ProbeOnceAsync(CancellationToken cancellationToken)
    {
        // Later callers are served by the next probe: this one may have read the sequence before they called.
        var refresh = Interlocked.Exchange(ref _refresh, null);
        try
        {
            await AdvanceAsync(cancellationToken);
            refresh?.TrySetResult(Current);
        }
        catch (OperationCanceledException)
        {
            refresh?.TrySetCanceled(cancellationToken);
            throw;
        }
        catch (Exception exception)
        {
            refresh?.TrySetException(
                EventLogErrors.IsDriverError(exception) ? EventLogErrors.Translate(exception) : new EventLogUnavailableException("The event log cannot be reached.", inner: exception));
            throw;
        }
    }

    /// <summary>Whether the connection or the server failed. The driver reports a connection that its keep-alive has closed as an invalid operation.</summary>
    private bool IsAway(Exception exception) => EventLogErrors.IsDriverError(exception) || (exception is InvalidOperationException && _probe is { IsOpen: false });

    private async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        var renewals = _connections.Renewals;
        if (_probe is { IsOpen: false } || renewals != _renewals)
        {
            await CloseAsync();
        }

        _renewals = renewals;
        _probe ??= await SettledProbe.OpenAsync(_connections.Dedicated, cancellationToken);
        var taken = await _probe.ReadSequenceAsync(cancellationToken);
        Raise(ref _head, taken);
        if (taken <= Current)
        {
            return;
        }

        var started = Stopwatch.GetTimestamp();
        var barrier = await _probe.RaiseBarrierAsync(cancellationToken);
        try
        {
            await _probe.PassAsync(barrier, _time, HoldBack, cancellationToken);
        }
        finally
        {
            _hold.End();
        }

        Raise(ref _current, taken);
        Interlocked.Exchange(ref _advanced, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        _instruments.ProbeDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private void HoldBack(long head, HoldingTransaction? by)
    {
        Raise(ref _head, head);
        _hold.Continue(by, Current, Head);
    }

    private async Task CloseAsync()
    {
        if (_probe is { } probe)
        {
            _probe = null;
            await probe.DisposeAsync();
        }
    }

    private static void Raise(ref long target, long value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            var found = Interlocked.CompareExchange(ref target, value, seen);
            if (found == seen)
            {
                return;
            }

            seen = found;
        }
    }

    [LoggerMessage(1022, LogLevel.Information, "No longer looking for the settled position; it was {Settled}")]
    private static partial void LogStopped(ILogger logger, long settled);
}

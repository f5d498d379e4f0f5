using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.EventLog.Reading;

/// <summary>The highest position below which nothing can still appear: where every reader of the log stops. Thread-safe; it never goes backwards.</summary>
/// <remarks>
/// One loop probes for everybody, see <see cref="SettledProbe"/>: at once when this host appended or another one notified, and every
/// <see cref="EventLogOptions.SettledPollInterval"/> otherwise. It reconnects by itself; while PostgreSQL is away the position stands still.
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
    private int _generation;
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

    /// <summary>The settled position as last seen; 0 before the first look.</summary>
    public long Current => Volatile.Read(ref _current);

    /// <summary>
    /// The highest position known to be taken, settled or not: at least that of every append of this host. Appends of other hosts stand in it after the next
    /// look; who judges a position that a stranger brought calls <see cref="RefreshAsync"/> first.
    /// </summary>
    public long Head => Math.Max(Volatile.Read(ref _head), Current);

    /// <summary>
    /// The oldest open transaction while the settled position waits for it for a second or longer; null otherwise. It may run in any database of the server.
    /// </summary>
    public HoldingTransaction? HeldBackBy => _hold.By;

    /// <summary>Waits until the settled position is above a position, and returns it.</summary>
    /// <exception cref="OperationCanceledException">The token, or the host stops.</exception>
    public async ValueTask<long> WaitBeyondAsync(long position, CancellationToken ct)
    {
        while (true)
        {
            // First the signal, then the value: an advance in between ends the signal that is held here.
            var advanced = Volatile.Read(ref _advanced).Task;
            if (Current > position)
            {
                return Current;
            }

            await advanced.WaitAsync(ct);
        }
    }

    /// <summary>Looks now, and returns the settled position once it covers everything that was taken when this was called.</summary>
    /// <remarks>Waits for transactions that are open; give it a token with a time limit.</remarks>
    /// <exception cref="EventLogUnavailableException">PostgreSQL did not answer.</exception>
    /// <exception cref="OperationCanceledException">The token, or the host stops.</exception>
    public async ValueTask<long> RefreshAsync(CancellationToken ct)
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
            // The loop has ended and serves nobody any more.
            mine.TrySetCanceled(CancellationToken.None);
        }

        Wake();
        return await mine.Task.WaitAsync(ct);
    }

    /// <summary>Says that this host committed up to a position: raises <see cref="Head"/> and looks for the settled position at once. Never waits.</summary>
    internal void Observe(long position)
    {
        Raise(ref _head, position);
        Wake();
    }

    /// <summary>Has the loop look at once. Never waits.</summary>
    internal void Wake() => _wake.Raise();

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listener = new LogListener(_connections, this, _time, _logger);
        try
        {
            await Task.WhenAll(ProbeAsync(stoppingToken), listener.RunAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped(_logger, Current);
        }
        finally
        {
            Volatile.Read(ref _advanced).TrySetCanceled(stoppingToken);
            Interlocked.Exchange(ref _refresh, null)?.TrySetCanceled(stoppingToken);
            await CloseAsync();
        }
    }

    private async Task ProbeAsync(CancellationToken ct)
    {
        var failures = 0;
        while (true)
        {
            // Whoever asks from here on is served by the next round: this one may have read the sequence before.
            var refresh = Interlocked.Exchange(ref _refresh, null);
            try
            {
                await AdvanceAsync(ct);
                refresh?.TrySetResult(Current);
                failures = 0;
                _away.Succeeded();
            }
            catch (Exception e) when (EventLogErrors.IsDriverError(e) || (e is InvalidOperationException && _probe is { IsOpen: false }))
            {
                failures++;
                _away.Failed(e);
                refresh?.TrySetException(EventLogErrors.IsDriverError(e) ? EventLogErrors.Translate(e) : new EventLogUnavailableException("The event log cannot be reached.", inner: e));
                await CloseAsync();
            }
            catch (OperationCanceledException)
            {
                refresh?.TrySetCanceled(ct);
                throw;
            }

            await Task.Delay(_options.SettledProbeSpacing, _time, ct);
            await WakeOrPollAsync(failures, ct);
        }
    }

    private async Task WakeOrPollAsync(int failures, CancellationToken ct)
    {
        if (failures > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(1_000, 25 << Math.Min(failures, 6))), _time, ct);
            return;
        }

        await _wake.WaitAsync(_options.SettledPollInterval, ct);
    }

    private async Task AdvanceAsync(CancellationToken ct)
    {
        var generation = _connections.Generation;
        if (_probe is { IsOpen: false } || generation != _generation)
        {
            await CloseAsync();
        }

        _generation = generation;
        _probe ??= await SettledProbe.OpenAsync(_connections.Dedicated, ct);
        var taken = await _probe.ReadSequenceAsync(ct);
        Raise(ref _head, taken);
        if (taken <= Current)
        {
            return;
        }

        var started = Stopwatch.GetTimestamp();
        var barrier = await _probe.RaiseBarrierAsync(ct);
        try
        {
            await _probe.PassAsync(barrier, _time, HoldBack, ct);
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

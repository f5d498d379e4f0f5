using Bxb.EventLog;

namespace Bxb.Operations.Pipeline;

/// <summary>The last result of a query.</summary>
/// <param name="Value">Null before the first result.</param>
/// <param name="At">Time of the result; null before the first one.</param>
/// <param name="IsCurrent">Whether the query was sent after the call for this result.</param>
internal readonly record struct Known<T>(T? Value, DateTimeOffset? At, bool IsCurrent);

/// <summary>Keeps the latest result of a query that may hang. One query runs at a time, and goes on when a caller stops waiting. Thread-safe.</summary>
/// <param name="ask">The query. Must end by itself.</param>
/// <param name="failures">Logs failed queries.</param>
/// <param name="time">The clock.</param>
internal sealed class LatestAnswer<T>(Func<Task<T>> ask, OutageLog failures, TimeProvider time)
    where T : class
{
    private readonly Lock _gate = new();
    private Task<T>? _asking;
    private Tuple<T, DateTimeOffset>? _latest;

    /// <summary>The result, or the previous one when the query fails or the deadline passes.</summary>
    public async Task<Known<T>> GetAsync(CancellationToken deadline)
    {
        try
        {
            // A query that is already running may return a state from before this call.
            await (Volatile.Read(ref _asking) ?? Task.CompletedTask).WaitAsync(deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var value = await Ask().WaitAsync(deadline);
            return new Known<T>(value, time.GetUtcNow(), IsCurrent: true);
        }
        catch (Exception failure)
        {
            failures.Failed(failure);
            var latest = Volatile.Read(ref _latest);
            return new Known<T>(latest?.Item1, latest?.Item2, IsCurrent: false);
        }
    }

    private Task<T> Ask()
    {
        lock (_gate)
        {
            return _asking is { IsCompleted: false } ? _asking : _asking = AskOnceAsync();
        }
    }

    private async Task<T> AskOnceAsync()
    {
        await Task.Yield();
        var value = await ask();
        failures.Succeeded();
        Volatile.Write(ref _latest, Tuple.Create(value, time.GetUtcNow()));
        return value;
    }
}

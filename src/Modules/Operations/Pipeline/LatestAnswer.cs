using Bxb.EventLog;

namespace Bxb.Operations.Pipeline;

/// <summary>An answer and its time.</summary>
/// <param name="Value">Null before the first answer.</param>
/// <param name="At">Time of the answer; null before the first one.</param>
/// <param name="IsCurrent">Whether the question was sent after the caller's call, and answered.</param>
internal readonly record struct Known<T>(T? Value, DateTimeOffset? At, bool IsCurrent);

/// <summary>Keeps the latest answer to a question that may hang. One question runs at a time; it is not cancelled when a caller stops waiting. Thread-safe.</summary>
/// <param name="ask">The question. Must end by itself.</param>
/// <param name="failures">Counts failed questions.</param>
/// <param name="time">The clock.</param>
internal sealed class LatestAnswer<T>(Func<Task<T>> ask, OutageLog failures, TimeProvider time)
    where T : class
{
    private readonly Lock _gate = new();
    private Task<T>? _asking;
    private Tuple<T, DateTimeOffset>? _latest;

    /// <summary>The answer; the previous one when the question fails or the deadline passes.</summary>
    public async Task<Known<T>> GetAsync(CancellationToken deadline)
    {
        try
        {
            // A question that is already running may show a state from before this call.
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

using Bxb.EventLog;

namespace Bxb.Host.Operations;

/// <summary>What was answered to a question, and when.</summary>
/// <param name="Value">The answer; null when there never was one.</param>
/// <param name="At">When it was given; null when there never was one.</param>
/// <param name="IsCurrent">Whether the question was asked after the caller asked, and answered.</param>
internal readonly record struct Known<T>(T? Value, DateTimeOffset? At, bool IsCurrent);

/// <summary>The latest answer to a question whose answer may hang: asked once at a time, waited for only so long, never cancelled. Thread-safe.</summary>
/// <param name="ask">The question; it must end by itself some day.</param>
/// <param name="failures">Where failed questions are counted.</param>
/// <param name="time">The clock.</param>
internal sealed class LatestAnswer<T>(Func<Task<T>> ask, OutageLog failures, TimeProvider time)
    where T : class
{
    private readonly Lock _gate = new();
    private Task<T>? _asking;
    private Tuple<T, DateTimeOffset>? _latest;

    /// <summary>The answer, or the last one when the question fails or is not answered by the deadline.</summary>
    public async Task<Known<T>> GetAsync(CancellationToken deadline)
    {
        try
        {
            // One that is under way may have been answered before the caller asked.
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

using System.Diagnostics;

namespace Bxb.Testing;

/// <summary>Waits for what a test cannot be told of: looks again and again, with a deadline that only a broken build reaches.</summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns once the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in a minute.</exception>
    public static Task HoldsAsync(Func<bool> condition, string? what = null) => HoldsAsync(() => Task.FromResult(condition()), what);

    /// <summary>Returns once the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in a minute.</exception>
    public static Task HoldsAsync(Func<Task<bool>> condition, string? what = null) => HoldsAsync(condition, () => what ?? "The condition", Deadline);

    /// <summary>Returns once the condition holds.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="what">Says, when time is up, what does not hold, with what was seen last.</param>
    /// <param name="deadline">For what takes longer than a minute on a busy machine.</param>
    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan deadline)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > deadline)
            {
                throw new TimeoutException($"{what()} did not hold within {deadline}.");
            }

            await Task.Delay(Interval);
        }
    }
}

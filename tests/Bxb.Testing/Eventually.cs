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
    public static async Task HoldsAsync(Func<Task<bool>> condition, string? what = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"{what ?? "The condition"} did not hold within {Deadline}.");
            }

            await Task.Delay(Interval);
        }
    }
}

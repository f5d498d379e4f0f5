namespace Bxb.EventLog.Retries;

/// <summary>Pauses that double from the first to the longest. Each is shortened by a random part of up to a half, so that hosts do not retry in step.</summary>
/// <param name="First">The whole pause after the first failure.</param>
/// <param name="Longest">The longest whole pause; not below <paramref name="First"/>.</param>
public readonly record struct Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>The pause after a number of consecutive failures, counted from 1.</summary>
    public TimeSpan After(int failures)
    {
        var doubled = First.Ticks * Math.Pow(2, Math.Min(failures - 1, 40));
        var whole = Math.Min(doubled, Longest.Ticks);
        return TimeSpan.FromTicks((long)(whole * (1 - (Random.Shared.NextDouble() / 2))));
    }
}

namespace Bxb.Riders.Failures;

/// <summary>Pauses that double from the first to the longest, each shortened by a random part of up to a half, so that hosts do not knock in step.</summary>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>The pause after so many failures in a row, from 1.</summary>
    public TimeSpan After(int failures)
    {
        var doubled = First.Ticks * Math.Pow(2, Math.Min(failures - 1, 40));
        var whole = Math.Min(doubled, Longest.Ticks);
        return TimeSpan.FromTicks((long)(whole * (1 - (Random.Shared.NextDouble() / 2))));
    }
}

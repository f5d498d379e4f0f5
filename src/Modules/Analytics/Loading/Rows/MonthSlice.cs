namespace Bxb.Analytics.Loading.Rows;

/// <summary>A range of event time that selects part of a batch.</summary>
/// <param name="FromMilliseconds">Inclusive, since the Unix epoch.</param>
/// <param name="ToMilliseconds">Exclusive.</param>
internal readonly record struct MonthSlice(long FromMilliseconds, long ToMilliseconds)
{
    /// <summary>Selects every event.</summary>
    internal static readonly MonthSlice All = new(long.MinValue, long.MaxValue);

    internal bool Contains(long milliseconds) => milliseconds >= FromMilliseconds && milliseconds < ToMilliseconds;
}

using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>Part of a batch: the events of a range of time.</summary>
/// <param name="FromMilliseconds">Inclusive, since the Unix epoch.</param>
/// <param name="ToMilliseconds">Exclusive.</param>
internal readonly record struct MonthSlice(long FromMilliseconds, long ToMilliseconds)
{
    /// <summary>All of time.</summary>
    internal static readonly MonthSlice All = new(long.MinValue, long.MaxValue);

    internal bool Contains(long milliseconds) => milliseconds >= FromMilliseconds && milliseconds < ToMilliseconds;
}

/// <summary>Cuts a batch that touches very many months, which are ClickHouse's partitions, into inserts of a bounded number of them.</summary>
/// <remarks>
/// Each month makes a part of its own, at 10 ms and more, and an insert that is given up half-way leaves none of them: hundreds of months in one insert might
/// never get done within its time limit. The cut depends on the events alone, so that a repeat makes the same slices.
/// </remarks>
internal static class MonthSlices
{
    /// <summary>Most months in one insert.</summary>
    internal const int MaxMonths = 48;

    private static readonly IReadOnlyList<MonthSlice> One = [MonthSlice.All];

    /// <summary>The slices of a batch, in order of time; one for all but the oddest batches.</summary>
    internal static IReadOnlyList<MonthSlice> Of(EventBatch batch) => Of(MonthsOf(batch));

    /// <summary>The slices of so many months.</summary>
    internal static IReadOnlyList<MonthSlice> Of(IReadOnlyCollection<DateTime> months)
    {
        if (months.Count <= MaxMonths)
        {
            return One;
        }

        var starts = months.Chunk(MaxMonths).Select(c => Milliseconds(c[0])).ToList();
        return [.. starts.Select((start, i) => new MonthSlice(start, i + 1 < starts.Count ? starts[i + 1] : long.MaxValue))];
    }

    /// <summary>The months that a batch touches, the earliest first.</summary>
    internal static IReadOnlyCollection<DateTime> MonthsOf(EventBatch batch)
    {
        SortedSet<DateTime>? months = null;
        var known = new MonthSlice(0, 0);
        for (var i = 0; i < batch.Count; i++)
        {
            var timestamp = batch[i].TimestampMilliseconds;
            if (!known.Contains(timestamp))
            {
                var day = DateTimeOffset.FromUnixTimeMilliseconds(timestamp).UtcDateTime;
                var month = new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Utc);
                known = new MonthSlice(Milliseconds(month), Milliseconds(month.AddMonths(1)));
                (months ??= []).Add(month);
            }
        }

        return months ?? [];
    }

    private static long Milliseconds(DateTime time) => new DateTimeOffset(time).ToUnixTimeMilliseconds();
}

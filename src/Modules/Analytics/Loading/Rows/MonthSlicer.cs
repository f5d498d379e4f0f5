using Bxb.Riders;

namespace Bxb.Analytics.Loading.Rows;

/// <summary>Splits a batch that spans many months into inserts of a bounded number of months. ClickHouse partitions the table by month.</summary>
/// <remarks>
/// Each month becomes a part of its own, at a cost of 10 ms or more, and an insert that is cancelled leaves no part. An insert of hundreds of months might never finish within its time
/// limit. The slices depend on the events only, so a repeated batch has the same slices.
/// </remarks>
internal static class MonthSlicer
{
    /// <summary>Maximum number of months in one insert.</summary>
    internal const int MaxMonths = 48;

    private static readonly IReadOnlyList<MonthSlice> One = [MonthSlice.All];

    /// <summary>Returns the slices of a batch in order of time; nearly always one.</summary>
    internal static IReadOnlyList<MonthSlice> Slice(EventBatch batch) => Slice(MonthsOf(batch));

    /// <summary>Returns the slices of a batch that spans these months.</summary>
    internal static IReadOnlyList<MonthSlice> Slice(IReadOnlyCollection<DateTime> months)
    {
        if (months.Count <= MaxMonths)
        {
            return One;
        }

        var starts = months.Chunk(MaxMonths).Select(c => Milliseconds(c[0])).ToList();
        return [.. starts.Select((start, i) => new MonthSlice(start, i + 1 < starts.Count ? starts[i + 1] : long.MaxValue))];
    }

    /// <summary>Returns the months that a batch spans, in order of time.</summary>
    internal static IReadOnlyCollection<DateTime> MonthsOf(EventBatch batch)
    {
        SortedSet<DateTime>? months = null;
        var current = new MonthSlice(0, 0);
        for (var i = 0; i < batch.Count; i++)
        {
            var timestamp = batch[i].TimestampMilliseconds;
            if (!current.Contains(timestamp))
            {
                var day = DateTimeOffset.FromUnixTimeMilliseconds(timestamp).UtcDateTime;
                var month = new DateTime(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Utc);
                current = new MonthSlice(Milliseconds(month), Milliseconds(month.AddMonths(1)));
                (months ??= []).Add(month);
            }
        }

        return months ?? [];
    }

    private static long Milliseconds(DateTime time) => new DateTimeOffset(time).ToUnixTimeMilliseconds();
}

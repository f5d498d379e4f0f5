namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Closes the batches of all partitions at the same moments, so that the inserts made of them can be shared.</summary>
internal static class BatchSchedule
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>The last common moment within <paramref name="maxWait"/>, as a timestamp of the clock. Moments are 200 ms apart, or <paramref name="maxWait"/> if that is less.</summary>
    public static long Close(long now, TimeSpan maxWait, long frequency)
    {
        var latest = now + Ticks(maxWait);
        return maxWait == TimeSpan.Zero ? now : latest - (latest % Ticks(maxWait < Interval ? maxWait : Interval));

        long Ticks(TimeSpan span) => Math.Max(1, (long)(span.TotalSeconds * frequency));
    }
}

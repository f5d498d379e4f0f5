namespace Bxb.Riders.Kafka.Consuming;

/// <summary>When batches are closed: those of all partitions on one beat, so that what is made of them can be done together too.</summary>
internal static class BatchBeat
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    /// <summary>The last beat within <paramref name="maxWait"/>, by the clock's timestamps; the beat is no longer than that.</summary>
    public static long Close(long now, TimeSpan maxWait, long frequency)
    {
        var latest = now + Ticks(maxWait);
        return maxWait == TimeSpan.Zero ? now : latest - (latest % Ticks(maxWait < Beat ? maxWait : Beat));

        long Ticks(TimeSpan span) => Math.Max(1, (long)(span.TotalSeconds * frequency));
    }
}

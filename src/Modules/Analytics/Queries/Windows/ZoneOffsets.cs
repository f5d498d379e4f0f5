namespace Bxb.Analytics.Queries.Windows;

/// <summary>A span of time in which a zone keeps one offset, up to the next one's start.</summary>
/// <param name="Start">Milliseconds since the Unix epoch.</param>
/// <param name="Offset">Local wall time less UTC, milliseconds.</param>
internal readonly record struct OffsetSpan(long Start, long Offset);

/// <summary>Finds where a zone's offset changes.</summary>
internal static class ZoneOffsets
{
    /// <summary>Two changes of one zone lie further apart than this, everywhere since 1970.</summary>
    private const long Stride = 6 * 3_600_000;

    /// <summary>The spans from one instant to another, in order; the first starts at <paramref name="from"/>.</summary>
    /// <param name="zone">The zone.</param>
    /// <param name="from">Milliseconds since the Unix epoch, years 2 to 9998.</param>
    /// <param name="to">Not before <paramref name="from"/>.</param>
    public static List<OffsetSpan> Between(TimeZoneInfo zone, long from, long to)
    {
        var current = new OffsetSpan(from, At(zone, from));
        var spans = new List<OffsetSpan> { current };
        if (zone.Equals(TimeZoneInfo.Utc))
        {
            return spans;
        }

        for (var at = from; at < to;)
        {
            var next = Math.Min(at + Stride, to);
            if (At(zone, next) == current.Offset)
            {
                at = next;
                continue;
            }

            at = FirstChange(zone, at, next, current.Offset);
            current = new OffsetSpan(at, At(zone, at));
            spans.Add(current);
        }

        return spans;
    }

    /// <summary>The offset at an instant, milliseconds.</summary>
    public static long At(TimeZoneInfo zone, long instant) =>
        zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime).Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>Halves the span until the instant is found: <paramref name="before"/> has the offset, <paramref name="after"/> has another.</summary>
    private static long FirstChange(TimeZoneInfo zone, long before, long after, long offset)
    {
        while (after - before > 1)
        {
            var middle = before + ((after - before) / 2);
            (before, after) = At(zone, middle) == offset ? (middle, after) : (before, middle);
        }

        return after;
    }
}

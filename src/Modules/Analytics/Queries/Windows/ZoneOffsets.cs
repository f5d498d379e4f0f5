namespace Bxb.Analytics.Queries.Windows;

/// <summary>A span of time with one offset. It ends where the next one starts.</summary>
/// <param name="Start">Milliseconds since the Unix epoch.</param>
/// <param name="Offset">Local wall time minus UTC, in milliseconds.</param>
internal readonly record struct OffsetSpan(long Start, long Offset);

/// <summary>Finds the changes of a zone's offset.</summary>
internal static class ZoneOffsets
{
    /// <summary>Shorter than the time between two changes of any zone since 1970.</summary>
    private const long Stride = 6 * 3_600_000;

    /// <summary>Returns the spans between two instants in order of time. The first starts at <paramref name="from"/>.</summary>
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

    /// <summary>Returns the offset at an instant, in milliseconds.</summary>
    public static long At(TimeZoneInfo zone, long instant) =>
        zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime).Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>Finds the change by bisection. <paramref name="before"/> has the offset, <paramref name="after"/> has another one.</summary>
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

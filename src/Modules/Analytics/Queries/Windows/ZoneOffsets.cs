using NodaTime;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>A span of time with one offset. It ends where the next one starts.</summary>
/// <param name="Start">Milliseconds since the Unix epoch.</param>
/// <param name="Offset">Local wall time minus UTC, in milliseconds.</param>
internal readonly record struct OffsetSpan(long Start, long Offset);

/// <summary>Finds the changes of a zone's offset.</summary>
internal static class ZoneOffsets
{
    /// <summary>Returns the spans between two instants in order of time. The first starts at <paramref name="from"/>.</summary>
    /// <param name="zone">The zone.</param>
    /// <param name="from">Milliseconds since the Unix epoch, years 2 to 9998.</param>
    /// <param name="to">Not before <paramref name="from"/>.</param>
    public static List<OffsetSpan> Between(DateTimeZone zone, long from, long to)
    {
        var spans = new List<OffsetSpan>();
        for (var (at, more) = (from, true); more;)
        {
            var interval = zone.GetZoneInterval(Instant.FromUnixTimeMilliseconds(at));

            // Two intervals may differ in the name alone.
            if (spans.Count == 0 || spans[^1].Offset != interval.WallOffset.Milliseconds)
            {
                spans.Add(new OffsetSpan(at, interval.WallOffset.Milliseconds));
            }

            more = interval.HasEnd && interval.End.ToUnixTimeMilliseconds() < to;
            at = more ? interval.End.ToUnixTimeMilliseconds() : at;
        }

        return spans;
    }
}

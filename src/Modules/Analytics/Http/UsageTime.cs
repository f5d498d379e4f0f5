using Bxb.Analytics.Queries.Windows;
using Bxb.Modularity.Json;

namespace Bxb.Analytics.Http;

/// <summary>Local times of a query in its time zone.</summary>
internal static class UsageTime
{
    private const long Day = 86_400_000;

    /// <summary>No zone knows offsets beyond these years, and no event lies there.</summary>
    private static readonly long Earliest = new DateTimeOffset(1900, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static readonly long Latest = new DateTimeOffset(2300, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>
    /// The instant that the time names. A local time is the first instant at which the clocks of the zone show it or, where it is left out, anything later: the same
    /// rule by which days and months begin.
    /// </summary>
    public static DateTimeOffset In(QueryTime time, TimeZoneInfo zone)
    {
        if (!time.IsLocal || time.Milliseconds < Earliest || time.Milliseconds > Latest)
        {
            return time.Utc;
        }

        // Offsets are below a day, and a zone that changes its date changes its offset by one.
        var spans = ZoneOffsets.Between(zone, time.Milliseconds - (2 * Day), time.Milliseconds + (2 * Day));
        var span = 0;
        return DateTimeOffset.FromUnixTimeMilliseconds(LocalDates.FirstInstant(spans, ref span, time.Milliseconds));
    }
}

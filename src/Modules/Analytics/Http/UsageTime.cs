using Bxb.Analytics.Queries.Windows;
using Bxb.Modularity.Json;
using NodaTime;

namespace Bxb.Analytics.Http;

/// <summary>Converts local times of a query to instants in its time zone.</summary>
internal static class UsageTime
{
    private const long Day = 86_400_000;

    /// <summary>No zone has data outside of these years, and no event is outside of them.</summary>
    private static readonly long Earliest = new DateTimeOffset(1900, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static readonly long Latest = new DateTimeOffset(2300, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>
    /// Returns the instant of a time. A local time is the first instant at which the clocks of the zone show this time or a later one; days and months start by the same
    /// rule.
    /// </summary>
    public static DateTimeOffset In(QueryTime time, DateTimeZone zone)
    {
        if (!time.IsLocal || time.Milliseconds < Earliest || time.Milliseconds > Latest)
        {
            return time.Utc;
        }

        // Offsets are less than a day, and a zone that skips a date changes its offset by a day.
        var spans = ZoneOffsets.Between(zone, time.Milliseconds - (2 * Day), time.Milliseconds + (2 * Day));
        var span = 0;
        return DateTimeOffset.FromUnixTimeMilliseconds(LocalDates.FirstInstant(spans, ref span, time.Milliseconds));
    }
}

using NodaTime;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>Finds the instants at which local days, ISO weeks and months start.</summary>
internal static class LocalDates
{
    private const long Day = 86_400_000;

    /// <summary>
    /// Returns the starts of days, weeks or months in ascending order, from the last one not after <paramref name="from"/> to the first one not before <paramref name="to"/>.
    /// A day starts at the first instant at which the wall clock shows midnight or later. A day that the zone skipped has no window.
    /// </summary>
    /// <param name="zone">The zone.</param>
    /// <param name="from">Milliseconds since the Unix epoch.</param>
    /// <param name="to">Not before <paramref name="from"/>.</param>
    /// <param name="unit">Day, week or month.</param>
    public static long[] FindStarts(DateTimeZone zone, long from, long to, UsageWindow unit)
    {
        var margin = unit switch { UsageWindow.Day => 3, UsageWindow.Week => 10, _ => 33 } * Day;
        var spans = ZoneOffsets.Between(zone, from - margin, to + margin);
        var date = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(from + spans[0].Offset).UtcDateTime).AddDays(-2);
        date = unit switch
        {
            UsageWindow.Day => date,
            UsageWindow.Week => date.AddDays(-(((int)date.DayOfWeek + 6) % 7)),
            _ => new DateOnly(date.Year, date.Month, 1),
        };
        var starts = new List<long>();
        var span = 0;
        while (true)
        {
            var midnight = new DateTimeOffset(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds();
            var start = FirstInstant(spans, ref span, midnight);
            if (starts.Count > 0 && start <= from)
            {
                starts.Clear();
            }

            if (starts.Count == 0 || start > starts[^1])
            {
                starts.Add(start);
            }

            if (start >= to && starts.Count > 1)
            {
                return [.. starts];
            }

            date = unit == UsageWindow.Month ? date.AddMonths(1) : date.AddDays(unit == UsageWindow.Week ? 7 : 1);
        }
    }

    /// <summary>Returns the first instant whose wall time is not before <paramref name="wallTime"/>. Successive calls with one <paramref name="span"/> must not decrease it.</summary>
    public static long FirstInstant(List<OffsetSpan> spans, ref int span, long wallTime)
    {
        while (true)
        {
            var instant = wallTime - spans[span].Offset;
            instant = span == 0 ? instant : Math.Max(instant, spans[span].Start);
            if (span == spans.Count - 1 || instant < spans[span + 1].Start)
            {
                return instant;
            }

            span++;
        }
    }
}

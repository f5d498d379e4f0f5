namespace Bxb.Analytics.Queries.Windows;

/// <summary>Finds the instants at which local days and months begin.</summary>
internal static class LocalDates
{
    private const long Day = 86_400_000;

    /// <summary>
    /// The beginnings of days or months, growing, from the last one that is not after <paramref name="from"/> to the first that is not before <paramref name="to"/>.
    /// A day begins at the first instant at which the wall clock shows its midnight or, where that is left out, anything later. A day that a zone left out has no window.
    /// </summary>
    /// <param name="zone">The zone.</param>
    /// <param name="from">Milliseconds since the Unix epoch.</param>
    /// <param name="to">Not before <paramref name="from"/>.</param>
    /// <param name="months">Months instead of days.</param>
    public static long[] Beginnings(TimeZoneInfo zone, long from, long to, bool months)
    {
        var margin = (months ? 33 : 3) * Day;
        var spans = ZoneOffsets.Between(zone, from - margin, to + margin);
        var date = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(from + spans[0].Offset).UtcDateTime).AddDays(-2);
        date = months ? new DateOnly(date.Year, date.Month, 1) : date;
        var beginnings = new List<long>();
        var span = 0;
        while (true)
        {
            var midnight = new DateTimeOffset(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds();
            var beginning = FirstInstant(spans, ref span, midnight);
            if (beginnings.Count > 0 && beginning <= from)
            {
                beginnings.Clear();
            }

            if (beginnings.Count == 0 || beginning > beginnings[^1])
            {
                beginnings.Add(beginning);
            }

            if (beginning >= to && beginnings.Count > 1)
            {
                return [.. beginnings];
            }

            date = months ? date.AddMonths(1) : date.AddDays(1);
        }
    }

    /// <summary>The first instant whose wall time is not before <paramref name="wallTime"/>, which must not shrink from call to call.</summary>
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

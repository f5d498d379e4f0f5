using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;
using NodaTime;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Calculates usage event by event in C#, independently of the stores, as the expected answer.</summary>
internal static partial class NaiveUsage
{
    /// <summary>Returns the lines of <see cref="UsageCase.Line"/> without the ends of windows, and the number of skipped events.</summary>
    public static (List<string> Lines, long Skipped) Answer(UsageQuery query, IReadOnlyList<CaseEvent> events)
    {
        var found = events.DistinctBy(e => e.Id).Select((e, i) => (Event: e, Position: i, At: DateTimeOffset.Parse(e.At, CultureInfo.InvariantCulture), Json: JsonDocument.Parse(e.Properties).RootElement))
            .Where(x => x.Event.Code == query.Metric.EventCode && x.At >= query.From && x.At < query.To)
            .Where(x => query.Customers.Count == 0 || query.Customers.Contains(x.Event.Customer))
            .Where(x => query.Filters.All(f => Text(x.Json, f.Path) is { } text && f.Values.Contains(text, StringComparer.Ordinal)))
            .ToList();
        var groups = found.GroupBy(x => string.Join('\u0001',
            [Window(query, x.At), query.ByCustomer ? x.Event.Customer : "", .. query.PropertyKeys.Select(k => Text(x.Json, k.Path!) is { } text ? "t" + text : "∅")])).ToList();
        var (lines, skipped) = (new List<string>(), 0L);
        foreach (var group in groups)
        {
            var numbers = group.Select(x => (x.At, x.Position, Number: query.Field is null ? null : Number(Text(x.Json, query.Field)))).ToList();
            var counted = query.Metric.AggregationType is AggregationType.Count or AggregationType.UniqueCount ? group.Count() : numbers.Count(n => n.Number is not null);
            skipped += group.Count() - counted;
            var some = numbers.Where(n => n.Number is not null).ToList();
            var value = query.Metric.AggregationType switch
            {
                AggregationType.Count => new Quantity(counted * BigInteger.Pow(10, 18)),
                AggregationType.UniqueCount => new Quantity(group.Select(x => Text(x.Json, query.Field!)).OfType<string>().Distinct(StringComparer.Ordinal).Count() * BigInteger.Pow(10, 18)),
                _ when some.Count == 0 => default,
                AggregationType.Sum => new Quantity(some.Aggregate(BigInteger.Zero, (sum, n) => sum + n.Number!.Value)),
                AggregationType.Max => new Quantity(some.Max(n => n.Number!.Value)),
                _ => new Quantity(some.OrderBy(n => n.At).ThenBy(n => n.Position).Last().Number!.Value),
            };
            if (counted > 0)
            {
                lines.Add($"{group.Key}\u0001{value} x{counted}");
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return (lines, skipped);
    }

    /// <summary>Returns a row of a store in the same format.</summary>
    public static string Line(UsageQuery query, UsageRow row) => string.Join('\u0001',
        [Window(query, row.From), query.ByCustomer ? row.Customer! : "", .. row.Groups.Select(g => g is null ? "∅" : "t" + g)]) + $"\u0001{row.Value} x{row.Events}";

    public static BigInteger? Number(string? text)
    {
        if (text is null || Json().Match(text) is not { Success: true } match)
        {
            return null;
        }

        var digits = match.Groups["whole"].Value + match.Groups["fraction"].Value;
        var rest = digits.TrimStart('0');
        if (rest.Length == 0)
        {
            return BigInteger.Zero;
        }

        // The position of the decimal point, counted from the first digit other than 0.
        var point = match.Groups["whole"].Length - (digits.Length - rest.Length) + (match.Groups["exponent"].Success ? BigInteger.Parse(match.Groups["exponent"].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0);
        if (point > 20)
        {
            return null;
        }

        var kept = point <= -18 ? 0 : (int)point + 18;
        var units = kept == 0 ? BigInteger.Zero : BigInteger.Parse(rest.PadRight(kept, '0').AsSpan(0, kept), NumberStyles.None, CultureInfo.InvariantCulture);
        return text[0] == '-' ? -units : units;
    }

    /// <summary>Requires documents whose numbers and arrays are written as jsonb prints them.</summary>
    private static string? Text(JsonElement json, UsageProperty property)
    {
        foreach (var name in property.Names)
        {
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out json))
            {
                return null;
            }
        }

        return json.ValueKind switch
        {
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Null or JsonValueKind.Object => null,
            _ => json.GetRawText(),
        };
    }

    /// <summary>Identifies a window by the wall clock, and by the offset if the clock shows a time twice.</summary>
    private static string Window(UsageQuery query, DateTimeOffset at)
    {
        var zoned = Instant.FromDateTimeOffset(at).InZone(query.Zone);
        var (local, offset) = (zoned.LocalDateTime, zoned.Offset.Seconds);
        return query.Window switch
        {
            UsageWindow.Minute => Text($"{local:uuuu-MM-dd HH:mm} {offset}"),
            UsageWindow.FiveMinutes => Text($"{local:uuuu-MM-dd HH} {local.Minute / 5} {offset}"),
            UsageWindow.FifteenMinutes => Text($"{local:uuuu-MM-dd HH} {local.Minute / 15} {offset}"),
            UsageWindow.Hour => Text($"{local:uuuu-MM-dd HH} {offset}"),
            UsageWindow.Day => Text($"{local:uuuu-MM-dd}"),
            UsageWindow.Week => Text($"{local.Date.With(DateAdjusters.PreviousOrSame(IsoDayOfWeek.Monday)):uuuu-MM-dd}"),
            UsageWindow.Month => Text($"{local:uuuu-MM}"),
            _ => "",
        };

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^-?(?<whole>0|[1-9][0-9]*)(\.(?<fraction>[0-9]+))?([eE](?<exponent>[+-]?[0-9]+))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Json();
}

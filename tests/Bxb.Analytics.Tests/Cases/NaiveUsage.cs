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
        var found = Find(query, events);
        var groups = found.GroupBy(x => Window(query, x.At) + x.Series).ToList();
        var (lines, skipped) = (new List<string>(), 0L);
        foreach (var group in groups)
        {
            var numbers = group.Select(x => (x.At, x.Position, Number: query.Expression is { } e ? NaiveExpression.Evaluate(e, p => Number(Text(x.Json, new UsageProperty(p.Path)))) : query.Field is null ? null : Number(Text(x.Json, query.Field)))).ToList();
            var counted = query.Metric.AggregationType is AggregationType.Count or AggregationType.UniqueCount ? group.Count() : numbers.Count(n => n.Number is not null);
            skipped += group.Count() - counted;
            var some = numbers.Where(n => n.Number is not null).ToList();
            var value = query.Metric.AggregationType switch
            {
                AggregationType.Count => new Quantity(counted * BigInteger.Pow(10, 18)),
                AggregationType.UniqueCount => new Quantity(group.Select(x => Text(x.Json, query.Field!)).OfType<string>().Distinct(StringComparer.Ordinal).Count() * BigInteger.Pow(10, 18)),
                _ when some.Count == 0 => default,
                AggregationType.Custom => new Quantity(some.Aggregate(BigInteger.Zero, (sum, n) => sum + n.Number!.Value)),
                AggregationType.Sum => new Quantity(some.Aggregate(BigInteger.Zero, (sum, n) => sum + n.Number!.Value)),
                AggregationType.Min => new Quantity(some.Min(n => n.Number!.Value)),
                AggregationType.Avg => Mean(some.Aggregate(BigInteger.Zero, (sum, n) => sum + n.Number!.Value), some.Count),
                AggregationType.Percentile => AtRank(query.Metric.Percentile!.Value, [.. some.Select(n => n.Number!.Value).Order()]),
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

    /// <summary>Returns what is wrong with the rows of a query whose windows depend on earlier ones, or null. Each row is compared with the value of its window by definition.</summary>
    public static string? FindFault(UsageQuery query, IReadOnlyList<CaseEvent> events, IReadOnlyList<UsageRow> rows)
    {
        var series = Find(query, events).Where(x => query.Metric.AggregationType == AggregationType.UniqueCount || Number(Text(x.Json, query.Field!)) is not null).GroupBy(x => x.Series).ToList();
        var answered = rows.Where(r => r.Events > 0).GroupBy(r => Series(query, r.Customer, r.Groups)).ToDictionary(g => g.Key, g => g.OrderBy(r => r.From).ToList(), StringComparer.Ordinal);
        if (answered.Count != series.Count)
        {
            return $"{answered.Count} series, not {series.Count}";
        }

        foreach (var one in series)
        {
            var (mine, first) = (answered[one.Key], one.Min(x => x.At));
            first = first < query.From ? query.From : first;
            if (mine[0].From > first || (mine[0].To <= first && first < query.To) || mine[^1].To != query.To || mine.Zip(mine.Skip(1)).Any(pair => pair.First.To != pair.Second.From))
            {
                return $"the windows of {one.Key} do not follow each other from {first:O} on";
            }

            foreach (var row in mine)
            {
                var counted = one.Where(x => x.At < row.To).OrderBy(x => x.At).ThenBy(x => x.Position).ToList();
                var value = query.Metric.AggregationType switch
                {
                    AggregationType.UniqueCount => new Quantity(counted.Select(x => Text(x.Json, query.Field!)).OfType<string>().Distinct(StringComparer.Ordinal).Count() * BigInteger.Pow(10, 18)),
                    AggregationType.Latest => new Quantity(Number(Text(counted[^1].Json, query.Field!))!.Value),
                    _ => Mean(
                        counted.Aggregate(BigInteger.Zero, (sum, x) => sum + (Number(Text(x.Json, query.Field!))!.Value * (long)(row.To - (x.At > row.From ? x.At : row.From)).TotalMilliseconds)),
                        (long)(row.To - row.From).TotalMilliseconds),
                };
                if (row.Value != value || row.Events != counted.Count)
                {
                    return $"{one.Key} in {row.From:O} to {row.To:O} is {row.Value} x{row.Events}, not {value} x{counted.Count}";
                }
            }
        }

        return null;
    }

    /// <summary>Returns a row of a store in the same format.</summary>
    public static string Line(UsageQuery query, UsageRow row) => Window(query, row.From) + Series(query, row.Customer, row.Groups) + $"\u0001{row.Value} x{row.Events}";

    private static string Series(UsageQuery query, string? customer, IEnumerable<string?> groups) => "\u0001" + string.Join('\u0001', [query.ByCustomer ? customer! : "", .. groups.Select(g => g is null ? "∅" : "t" + g)]);

    private static List<Found> Find(UsageQuery query, IReadOnlyList<CaseEvent> events) =>
    [
        .. events.DistinctBy(e => e.Id).Select((e, i) => (Event: e, Position: i, At: DateTimeOffset.Parse(e.At, CultureInfo.InvariantCulture), Json: JsonDocument.Parse(e.Properties).RootElement))
            .Where(x => x.Event.Code == query.Metric.EventCode && (query.Metric.Recurring || x.At >= query.From) && x.At < query.To)
            .Where(x => query.Customers.Count == 0 || query.Customers.Contains(x.Event.Customer))
            .Where(x => query.Filters.All(f => Text(x.Json, f.Path) is { } text && f.Values.Contains(text, StringComparer.Ordinal)))
            .Select(x => new Found(x.Position, x.At, x.Json, Series(query, x.Event.Customer, query.PropertyKeys.Select(k => Text(x.Json, k.Path!))))),
    ];

    /// <summary>Divides and rounds half away from zero.</summary>
    private static Quantity Mean(BigInteger sum, long count) => new(sum.Sign * ((BigInteger.Abs(sum) * 2) + count) / (2 * (BigInteger)count));

    private static Quantity AtRank(decimal percentile, BigInteger[] numbers)
    {
        // Everything in units of 10^-18, so that nothing is rounded before the end.
        var unit = BigInteger.Pow(10, 18);
        var rank = new BigInteger(percentile * 1_000_000_000_000_000_000m) * (numbers.Length - 1);
        var low = (int)(rank / unit);
        var high = Math.Min(low + 1, numbers.Length - 1);
        var exact = (numbers[low] * unit) + ((numbers[high] - numbers[low]) * (rank % unit));
        return new(exact.Sign * ((BigInteger.Abs(exact) * 2) + unit) / (2 * unit));
    }

    private sealed record Found(int Position, DateTimeOffset At, JsonElement Json, string Series);

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

using System.Globalization;
using System.Text.Json;
using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;
using Bxb.Modularity.Errors;
using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Random events and queries: both stores and a calculation in C# give the same answer.</summary>
public sealed class DifferentialTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo", "Australia/Lord_Howe", "America/New_York", "America/St_Johns"];
    private static readonly string[] Values = ["\"eu\"", "\"EU\"", "\"eu \"", "\"é\"", "\"e\u0301\"", "\"\"", "null", "1", "1.5", "1.50", "-2", "0.000000000000000001", "99999999999999999999", "\"1\"", "\"-3e2\"", "\"1e-20\"", "\"1e400\"", "\"x\"", "true", "[1, 2]", "[]", "{}", "{\"a\": 7}"];
    private static readonly string[] Names = ["v", "k", "o.a", @"a\.b", "missing"];

    private static readonly string[] Properties = ["v", "k", "o.a", "\"a\\.b\"", "missing"];

    [Fact]
    public async Task Both_stores_agree_with_plain_counting()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var stores = await UsageStores.StartAsync();
        var events = Enumerable.Range(0, 1500).Select(i => Event(random, i)).ToList();
        foreach (var chunk in events.Chunk(211))
        {
            await stores.Log.AppendAsync(1, chunk);
        }

        // Events of another organization, which must not be counted.
        await stores.Log.AppendAsync(2, events.Take(300));
        await stores.LoadAsync(batch: 331);
        var compared = 0;
        for (var i = 0; i < 150; i++)
        {
            var (metric, text) = (Metric(random), Query(random));
            var query = Parse("metric=m&" + text).For(metric);
            var expected = query.Carries ? (Lines: [], Skipped: -1L) : NaiveUsage.Answer(query, events);
            foreach (var store in new[] { "postgresql", "clickhouse" })
            {
                var rows = await stores.AskAsync(store, query);
                var what = $"seed {seed}, query {i} on {store}: {metric.AggregationType} of {metric.FieldName}, {string.Join(';', metric.Filters.Select(f => f.Key))}, {text}";
                if (query.Carries)
                {
                    // Each group has a row in every window from its first event on, which can be too many.
                    var (finished, carried) = TryFinish(rows);
                    compared += finished ? 1 : 0;
                    (finished ? NaiveUsage.FindFault(query, events, carried) : null).ShouldBeNull(what);
                    continue;
                }

                rows.Finish().Where(r => r.Events > 0).Select(r => NaiveUsage.Line(query, r)).Order(StringComparer.Ordinal).ShouldBe(expected.Lines, ignoreOrder: false, what);
                rows.Skipped.ShouldBe(expected.Skipped, what);
            }
        }

        compared.ShouldBeGreaterThan(5, $"seed {seed}");
    }

    [Fact]
    public async Task Both_stores_read_the_same_numbers_out_of_any_text()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var stores = await UsageStores.StartAsync();
        var texts = Enumerable.Range(0, 4000).Select(_ => NumberText(random)).Distinct(StringComparer.Ordinal).ToList();
        await stores.Log.AppendAsync(1, texts.Select(t => new CaseEvent("a", "2026-01-02T00:00:00Z", $"{{\"v\": {JsonSerializer.Serialize(t)}}}")));
        await stores.LoadAsync(batch: 10_000);
        var expected = texts.Where(t => NaiveUsage.Number(t) is not null).ToDictionary(t => t, t => new Quantity(NaiveUsage.Number(t)!.Value), StringComparer.Ordinal);
        var query = Parse("metric=m&" + January + "&group_by=v").For(Sum("v"));
        foreach (var store in new[] { "postgresql", "clickhouse" })
        {
            var rows = await stores.AskAsync(store, query);
            var answered = rows.Finish().ToDictionary(r => r.Groups[0]!, r => r.Value!.Value, StringComparer.Ordinal);
            rows.Skipped.ShouldBe(texts.Count - expected.Count, $"seed {seed} on {store}");
            foreach (var text in texts)
            {
                (answered.TryGetValue(text, out var value) ? value.ToString() : "none").ShouldBe(expected.TryGetValue(text, out var right) ? right.ToString() : "none", $"seed {seed} on {store}: {text}");
            }
        }
    }

    private static (bool Finished, IReadOnlyList<UsageRow> Rows) TryFinish(UsageRowCollector rows)
    {
        try
        {
            return (true, rows.Finish());
        }
        catch (ApiException e) when (e.Code == ErrorCode.AnswerTooLarge)
        {
            return (false, []);
        }
    }

    [Fact]
    public async Task Both_stores_compute_the_same_expressions()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var stores = await UsageStores.StartAsync();
        var events = Enumerable.Range(0, 300).Select(i => Event(random, i)).ToList();
        await stores.Log.AppendAsync(1, events);
        await stores.LoadAsync(batch: 1000);
        for (var i = 0; i < 60; i++)
        {
            var metric = Custom(NaiveExpression.Generate(random, Properties, random.Next(1, 6)));
            var query = Parse("metric=m&from=2018-01-01&to=2027-01-01&window=month").For(metric);
            var expected = NaiveUsage.Answer(query, events);
            foreach (var store in new[] { "postgresql", "clickhouse" })
            {
                var rows = await stores.AskAsync(store, query);
                var what = $"seed {seed} on {store}: {metric.Expression}";
                rows.Finish().Select(r => NaiveUsage.Line(query, r)).Order(StringComparer.Ordinal).ShouldBe(expected.Lines, ignoreOrder: false, what);
                rows.Skipped.ShouldBe(expected.Skipped, what);
            }
        }
    }

    private static CaseEvent Event(Random random, int i)
    {
        // Times around the changes of the zones' clocks, including the exact edges.
        var day = random.Next(4) switch { 0 => "2026-03-28", 1 => "2026-10-24", 2 => "2018-11-03", _ => "2026-01-31" };
        var at = DateTimeOffset.Parse(day + "T00:00:00Z", CultureInfo.InvariantCulture).AddMinutes(random.Next(3 * 24 * 4) * 15).AddMilliseconds(random.Next(3) * random.Next(2) * 500);
        var properties = $"{{\"v\": {Any()}, \"k\": {Any()}, \"o\": {{\"a\": {Any()}}}, \"a.b\": {Any()}}}";
        return new CaseEvent("c" + random.Next(4), at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture), properties, $"i{(random.Next(10) == 0 ? random.Next(i + 1) : i)}", random.Next(8) == 0 ? "other" : Code);

        string Any() => Values[random.Next(Values.Length)];
    }

    private static BillableMetric Metric(Random random)
    {
        var type = Enum.GetValues<AggregationType>()[random.Next(Enum.GetValues<AggregationType>().Length)];
        MetricFilter[] filters = random.Next(4) == 0 ? [new MetricFilter("k", ["eu", "1", "1.5", ""])] : [];
        return Of(type, type is AggregationType.Count or AggregationType.Custom ? null : Names[random.Next(Names.Length)], filters) with
        {
            Percentile = type == AggregationType.Percentile ? new[] { 0m, 0.5m, 0.95m, 0.123456789012345678m, 1m }[random.Next(5)] : null,
            Expression = type == AggregationType.Custom ? NaiveExpression.Generate(random, Properties, random.Next(1, 5)) : null,
            Recurring = type is AggregationType.UniqueCount or AggregationType.Latest or AggregationType.WeightedSum && random.Next(2) == 0,
        };
    }

    private static string Query(Random random)
    {
        var (from, to) = random.Next(4) switch
        {
            0 => ("2026-03-27T00:00:00Z", "2026-04-01T00:00:00Z"),
            1 => ("2026-10-24T07:30:00.500Z", "2026-10-27T01:00:00Z"),
            2 => ("2018-11-01T00:00:00Z", "2018-11-08T00:00:00Z"),
            _ => ("2018-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        };
        var text = $"from={from}&to={to}&timezone={Zones[random.Next(Zones.Length)]}&window={(to[..4] == "2027" ? new[] { "total", "day", "week", "month" }[random.Next(4)] : new[] { "total", "minute", "5m", "15m", "hour", "day", "week", "month" }[random.Next(8)])}";
        string[] keys = [.. Names, "external_customer_id"];
        text += random.Next(2) == 0 ? "" : "&group_by=" + string.Join(',', keys.OrderBy(_ => random.Next()).Take(1 + random.Next(3)).Select(Uri.EscapeDataString));
        text += random.Next(3) == 0 ? "&filter[k]=eu&filter[k]=true&filter[k]=%5B1%2C%202%5D" : "";
        text += random.Next(4) == 0 ? "&filter[o.a]=1" : "";
        return text + random.Next(4) switch { 0 => "&external_customer_id=c1", 1 => "&external_customer_id=c1&external_customer_id=c3", _ => "" };
    }

    private static string NumberText(Random random)
    {
        if (random.Next(8) == 0)
        {
            return new string([.. Enumerable.Range(0, random.Next(9)).Select(_ => "0123456789.eE+- \n"[random.Next(17)])]);
        }

        var whole = random.Next(6) switch { 0 => "0", 1 => $"{random.Next(1000)}", 2 => new string('9', random.Next(18, 23)), 3 => "1" + new string('0', random.Next(17, 60)), 4 => "00", _ => $"{random.NextInt64()}{random.Next(100)}" };
        var fraction = random.Next(4) switch { 0 => "." + new string('0', random.Next(1, 60)) + random.Next(100), 1 => $".{random.NextInt64()}{random.NextInt64()}", _ => "" };
        var exponent = random.Next(6) switch { 0 => $"e{random.Next(-60, 60)}", 1 => $"E+{random.Next(30)}", 2 => $"e{(random.Next(2) == 0 ? "-" : "")}{random.NextInt64()}{random.NextInt64()}", 3 => $"e00{random.Next(25)}", _ => "" };
        return (random.Next(3) == 0 ? "-" : "") + whole + fraction + exponent;
    }
}

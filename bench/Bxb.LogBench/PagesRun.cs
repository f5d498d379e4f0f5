using System.Diagnostics;
using System.Globalization;
using Bxb.EventLog.Reading;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.LogBench;

/// <summary>Times pages of the event list over a log that was filled by SQL. Its partitions are never analyzed or vacuumed.</summary>
internal static class PagesRun
{
    private const int Rounds = 5;
    private static readonly DateTimeOffset Start = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<int> RunAsync(string directory, int events, CancellationToken cancellationToken)
    {
        await using var log = await LogHost.StartAsync(directory, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await FillAsync(log, events, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{events:N0} events filled in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s"));
        started = Stopwatch.GetTimestamp();
        while (await log.ScalarAsync<long>("select coalesce(max(to_position), 0) from event_log.spans", cancellationToken) < events - 131_072)
        {
            await Task.Delay(200, cancellationToken);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"summarized {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s later"));
        Console.WriteLine("| filter | rows | first ms | median ms | 90 % of the way back, rows | median ms |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var (name, filter) in Filters(events))
        {
            var (rows, first, median) = await TimeAsync(log, filter, cancellationToken);
            var (deepRows, _, deep) = await TimeAsync(log, filter with { BeforePosition = events / 10 }, cancellationToken);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {rows} | {first:F1} | {median:F1} | {deepRows} | {deep:F1} |"));
        }

        return 0;
    }

    private static async Task<(int Rows, double First, double Median)> TimeAsync(LogHost log, EventListFilter filter, CancellationToken cancellationToken)
    {
        var queries = log.Services.GetRequiredService<EventLogQueries>();
        var times = new List<double>();
        var rows = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var started = Stopwatch.GetTimestamp();
            rows = (await queries.ListAsync(filter, cancellationToken)).Count;
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return (rows, times[0], times.Order().ElementAt(Rounds / 2));
    }

    private static IEnumerable<(string Name, EventListFilter Filter)> Filters(int events)
    {
        var all = new EventListFilter(1) { Limit = 1_000 };
        var (day, length) = (Start.AddSeconds(events * 0.3), TimeSpan.FromSeconds(events * 0.003));
        yield return ("none", all);
        yield return ("code of 80 %", all with { Code = "api_calls" });
        yield return ("code of 0.9 %", all with { Code = "storage" });
        yield return ("code of 0.1 %", all with { Code = "rare" });
        yield return ("absent code", all with { Code = "absent" });
        yield return ("customer of 4 %", all with { ExternalCustomerId = "customer-0000000" });
        yield return ("customer of 0.01 %", all with { ExternalCustomerId = "customer-0005000" });
        yield return ("customer of 20 events", all with { ExternalCustomerId = "rare" });
        yield return ("absent customer", all with { ExternalCustomerId = "absent" });
        yield return ("customer of 4 %, code of 0.9 %", all with { ExternalCustomerId = "customer-0000000", Code = "storage" });
        yield return ("customer of 4 %, absent code", all with { ExternalCustomerId = "customer-0000000", Code = "absent" });
        yield return ("0.3 % of the time, long ago", all with { From = day, To = day + length });
        yield return ("0.3 % of the time, long ago, code of 0.1 %", all with { From = day, To = day + length, Code = "rare" });
        yield return ("0.3 % of the time, long ago, customer of 4 %", all with { From = day, To = day + length, ExternalCustomerId = "customer-0000000" });
        yield return ("a third of the time, long ago", all with { From = Start, To = day });
        yield return ("the future", all with { From = Start.AddYears(50) });
        yield return ("organization of 0.01 %", all with { OrganizationId = 500 });
        yield return ("absent organization", all with { OrganizationId = 5_000 });
        yield return ("50 of a code of 0.1 %", all with { Code = "rare", Limit = 50 });
        yield return ("50 of 0.3 % of the time, long ago", all with { From = day, To = day + length, Limit = 50 });
    }

    // One event a second; one in 20,000 comes late, from 30 % of the way. 90 % belong to one organization, customers are skewed by a third power.
    private static async Task FillAsync(LogHost log, int events, CancellationToken cancellationToken)
    {
        const int Step = 500_000;
        for (var from = 1; from <= events; from += Step)
        {
            var to = Math.Min(events, from + Step - 1);
            await log.ScalarAsync<long>($"select setval('event_log.position_seq', {to})", cancellationToken);
            await log.ScalarAsync<string>(
                $$"""
                do $$ declare t text; begin for t in select table_name from event_log.event_partitions loop execute 'alter table event_log.' || t || ' set (autovacuum_enabled = off)'; end loop; end $$;
                insert into event_log.events
                select p, case when h % 100 < 90 then 1 else 2 + (h / 100 % 1000)::integer end, 1,
                    timestamptz '2025-01-01T00:00:00Z' + (case when h % 20000 = 17 then {{events}} * 0.3015 else p end) * interval '1 s', now(), h, '', 'transaction-' || p,
                    case when p % ({{events}} / 20) = 11 then 'rare' else 'customer-' || lpad(((10000 * power((h / 7 % 100000) / 100000.0, 3))::integer)::text, 7, '0') end,
                    case when h / 13 % 1000 < 800 then 'api_calls' when h / 13 % 1000 < 990 then 'tokens' when h / 13 % 1000 < 999 then 'storage' else 'rare' end,
                    jsonb_build_object('bytes', h % 1000000, 'model', 'sable-1-mini', 'region', 'eu-west'), null
                from (select p, abs(hashint8extended(p, 42)) h from generate_series({{from}}, {{to}}) p) s;
                select ''
                """,
                cancellationToken);
        }
    }
}

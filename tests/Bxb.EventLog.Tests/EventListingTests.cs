using Bxb.EventLog.Reading;
using Bxb.EventLog.Spans;
using Npgsql;

namespace Bxb.EventLog.Tests;

/// <summary>Pages of the event list read little more than what they return, whatever statistics the tables have, and return what a plain query does.</summary>
public sealed class EventListingTests
{
    private const int Events = 230_000;

    // What one page may read: one span backwards, where its events are dense, the events above the last span, and some lists.
    private const long MostRows = 100_000;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Statistics() => ["none", "misleading", "fresh"];

    [Theory]
    [MemberData(nameof(Statistics))]
    public async Task Any_page_reads_a_bounded_number_of_rows(string statistics)
    {
        await using var log = await LogFixture.StartAsync(o => (o.PartitionPositions, o.PartitionsAhead) = (200_000, 1), start: false);
        await log.ExecuteAsync("select setval('event_log.position_seq', 1)");
        await log.Partitions.EnsureAsync(0, CancellationToken.None);
        foreach (var table in new[] { "events_0000000000000", "events_0000000200000", "postings", "customer_postings", "spans" })
        {
            await log.ExecuteAsync($"alter table event_log.{table} set (autovacuum_enabled = false)");
        }

        if (statistics == "misleading")
        {
            // A thousandth of it, all of one organization, customer and code that no page asks for.
            await log.ExecuteAsync(Fill(2, 400, "9", "'other'", "'other'"));
            await log.ExecuteAsync(Fill(200_000, 200_400, "9", "'other'", "'other'"));
            await log.ExecuteAsync("analyze");
            await log.ExecuteAsync("delete from event_log.events");
        }

        await log.ExecuteAsync(Fill(
            1, Events, "case when p % 1000 = 7 then 2 when p in (5, 150000) then 3 else 1 end",
            "case when p % 40000 = 11 then 'rare' when p % 10 < 3 then 'common' else 'customer-' || p % 5000 * 7919 % 5000 end",
            "case when p % 50000 in (13, 21) then 'rare' when p % 10 = 3 then 'storage' when p % 100 = 5 then 'medium' else 'api_calls' end"));
        await log.ExecuteAsync($"select setval('event_log.position_seq', {Events})");
        while (await SpanSummary.ExtendAsync(log.Connections.Reading, Events, CancellationToken.None))
        {
        }

        // A long transaction would hold the settled position back.
        (await log.ScalarAsync<long>("select max(n) from (select count(*) as n from event_log.customer_postings group by xmin) t")).ShouldBe(SpanRows.RowsPerTransaction);
        await using var connection = await log.Connections.Listing.OpenConnectionAsync();
        (await log.ScalarAsync<long>("select max(to_position) from event_log.spans")).ShouldBe(199_999);
        if (statistics == "fresh")
        {
            await log.ExecuteAsync("analyze");
        }

        foreach (var filter in Filters())
        {
            await CheckAsync(log, connection, filter);
            await CheckAsync(log, connection, filter with { BeforePosition = 150_001, Limit = 10 });
        }
    }

    private static IEnumerable<EventListFilter> Filters()
    {
        foreach (var limit in new[] { 50, 1_000 })
        {
            var all = new EventListFilter(1) { Limit = limit };
            yield return all;
            foreach (var code in new[] { "api_calls", "storage", "medium", "rare", "absent" })
            {
                yield return all with { Code = code };
            }

            foreach (var customer in new[] { "common", "customer-17", "rare", "absent" })
            {
                yield return all with { ExternalCustomerId = customer };
                yield return all with { ExternalCustomerId = customer, Code = "api_calls" };
                yield return all with { ExternalCustomerId = customer, Code = "absent" };
                yield return all with { ExternalCustomerId = customer, Code = "medium" };
                yield return all with { ExternalCustomerId = customer, Code = "rare" };
                yield return all with { ExternalCustomerId = customer, From = Start.AddDays(5), To = Start.AddDays(6) };
            }

            yield return all with { OrganizationId = 2 };
            yield return all with { OrganizationId = 2, Code = "rare" };
            yield return all with { OrganizationId = 3 };
            yield return all with { OrganizationId = 4 };

            // A day long ago, of which some events came late, up to the newest span; the future; an hour of a rare code.
            yield return all with { From = Start.AddDays(5), To = Start.AddDays(6) };
            yield return all with { From = Start.AddDays(5), To = Start.AddDays(6), Code = "medium" };
            yield return all with { OrganizationId = 2, From = Start.AddDays(5) };
            yield return all with { From = Start.AddDays(400) };
            yield return all with { From = Start.AddDays(10), To = Start.AddDays(10).AddHours(1), Code = "rare" };
            yield return all with { To = Start };
        }
    }

    private static async Task CheckAsync(LogFixture log, NpgsqlConnection connection, EventListFilter filter)
    {
        var before = await RowsReadAsync(connection);
        var page = await new EventListing(filter, connection, 30).ReadAsync(CancellationToken.None);
        var read = await RowsReadAsync(connection) - before;
        page.Select(e => e.Position).ShouldBe(await PlainAsync(log, filter), $"{filter}");
        page.ShouldAllBe(e => e.OrganizationId == filter.OrganizationId);
        read.ShouldBeLessThan(MostRows, $"{filter}");
    }

    private static async Task<long> RowsReadAsync(NpgsqlConnection connection)
    {
        // Counts reach the view at the end of a transaction.
        await using var flush = new NpgsqlCommand("select pg_stat_force_next_flush()", connection);
        await flush.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand("select (sum(seq_tup_read) + sum(idx_tup_fetch))::bigint from pg_stat_user_tables where schemaname = 'event_log'", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<List<long>> PlainAsync(LogFixture log, EventListFilter filter)
    {
        await using var command = log.DataSource.CreateCommand(
            """
            select position from event_log.events where organization_id = $1 and ($2 is null or code = $2) and ($3 is null or external_customer_id = $3)
                and ($4 is null or timestamp >= $4) and ($5 is null or timestamp < $5) and ($6 is null or position < $6) order by position desc limit $7
            """);
        command.Parameters.Add(new() { Value = filter.OrganizationId });
        command.Parameters.Add(new() { Value = (object?)filter.Code ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)filter.ExternalCustomerId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)filter.From?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = (object?)filter.To?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = (object?)filter.BeforePosition ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = filter.Limit });
        await using var reader = await command.ExecuteReaderAsync();
        var positions = new List<long>();
        while (await reader.ReadAsync())
        {
            positions.Add(reader.GetInt64(0));
        }

        return positions;
    }

    // An event each six seconds, sixteen days in all; every 20,000th came late.
    private static string Fill(int from, int to, string organization, string customer, string code) =>
        $"""
         insert into event_log.events (position, organization_id, kind, timestamp, ingested_at, digest, source, transaction_id, external_customer_id, code, properties)
         select p, {organization}, 1, timestamptz '2026-01-01T00:00:00Z' + (case when p % 20000 = 17 then 75000 else p end) * interval '6 s', now(), p, '', 't-' || p, {customer}, {code},
             '{"{}"}'
         from generate_series({from}, {to}) p
         """;
}

using Bxb.EventLog.Records;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Finds a page of an organization's events, newest position first. Used by one call, over one connection of <see cref="EventLogConnections.Listing"/>.</summary>
/// <remarks>
/// <para>
/// Partition by partition, newest first. Events above the last summarized span are found by reading backwards along the primary key. Below it the summaries say
/// the positions of matching events in each span (decision 13). A short list of positions is looked up. A span with more matches is read backwards, because a page
/// is soon full. So the work is bounded by the filter and does not depend on statistics.
/// </para>
/// <para>The connection has sorts, sequential and bitmap scans off: each statement has one plan.</para>
/// </remarks>
internal sealed class EventListing(EventListFilter filter, NpgsqlConnection connection, int timeoutSeconds)
{
    // For more days only the earliest and latest times of the spans are used.
    private const int MaxDays = 100;

    // Longer combined lists, such as all codes of an organization, are read backwards instead.
    private const int MaxListed = 16_384;

    // Up to this number the events of a span are looked up one by one instead of being intersected with a list of thousands.
    private const int FewPositions = 64;

    private readonly List<UsageEvent> _page = new(Math.Min(filter.Limit, 1_000));

    private int Missing => filter.Limit - _page.Count;

    public async Task<IReadOnlyList<UsageEvent>> ReadAsync(CancellationToken ct)
    {
        var (partitions, summarized) = await PartitionsAsync(ct);
        foreach (var partition in partitions)
        {
            var end = Math.Min(partition.End, filter.BeforePosition ?? long.MaxValue);
            var middle = Math.Clamp(summarized + 1, partition.Start, end);
            if (middle < end)
            {
                await AddAsync(Backwards(partition.Table, middle, end), ct);
            }

            if (Missing > 0 && partition.Start < middle)
            {
                await AddAsync(BySpan(partition.Table, partition.Start, middle), ct);
            }

            if (Missing <= 0)
            {
                break;
            }
        }

        return _page;
    }

    private async Task<(List<(string Table, long Start, long End)> Partitions, long Summarized)> PartitionsAsync(CancellationToken ct)
    {
        var text = new QueryText(
            """
            select p.table_name, p.from_position, p.to_position, coalesce((select max(to_position) from event_log.spans), 0)
            from event_log.event_partitions p, event_log.position_seq s where p.from_position <= s.last_value
            """).And("p.from_position < ", filter.BeforePosition).Text(" order by p.from_position desc");
        await using var command = text.Create(connection);
        command.CommandTimeout = timeoutSeconds;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var partitions = new List<(string, long, long)>();
        var summarized = 0L;
        while (await reader.ReadAsync(ct))
        {
            partitions.Add((reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
            summarized = reader.GetInt64(3);
        }

        return (partitions, summarized);
    }

    private QueryText Backwards(string table, long start, long end)
    {
        var text = new QueryText($"select {UsageEventRow.Columns} from event_log.{table} e where e.position >= ").Value(start).Text(" and e.position < ").Value(end);
        return Matching(text).Text(" order by e.position desc limit ").Value(Missing);
    }

    /// <summary>
    /// Reads spans and their matching events, newest first, by nested loops that end with the page. A look-up has only the position as a condition: with the
    /// organization PostgreSQL could use the usage index.
    /// </summary>
    private QueryText BySpan(string table, long start, long end)
    {
        var text = new QueryText($"select {UsageEventRow.Columns} from (select s.from_position, s.to_position, l.positions from event_log.spans s");
        Lists(text).Text(" where s.from_position >= ").Value(start).Text(" and s.from_position < ").Value(end)
            .And("s.latest >= ", filter.From?.UtcDateTime).And("s.earliest < ", filter.To?.UtcDateTime).Text(" order by s.from_position desc) s");
        text.Text(
            $"""

             cross join lateral (
               (select e.* from (select s.from_position + o.o as position from unnest(s.positions) o order by o.o desc) l
                cross join lateral (select e.* from event_log.{table} e where e.position = l.position offset 0) e where e.position <
             """).Text(" ").Value(end);
        Matching(text).Text(" limit ").Value(Missing);
        text.Text($")\n  union all\n  (select e.* from event_log.{table} e where s.positions is null and e.position >= s.from_position and e.position <= s.to_position and e.position < ").Value(end);
        Matching(text).Text(" order by e.position desc limit ").Value(Missing);
        return text.Text(")) e order by s.from_position desc, e.position desc limit ").Value(Missing);
    }

    private QueryText Matching(QueryText text) => text.Text(" and e.organization_id = ").Value(filter.OrganizationId)
        .And("e.code = ", filter.Code).And("e.external_customer_id = ", filter.ExternalCustomerId)
        .And("e.timestamp >= ", filter.From?.UtcDateTime).And("e.timestamp < ", filter.To?.UtcDateTime);

    /// <summary>Joins each span with the list of positions to look up, null for the whole span. A span without a match has no row.</summary>
    private QueryText Lists(QueryText text)
    {
        var lists = "null::integer[]";
        if (filter.Code is not null || filter.ExternalCustomerId is null)
        {
            List(text, kind: 1).And("term = ", filter.Code).Text(" having count(*) > 0) code");
            lists = "code.positions";
        }

        if (Days() is { } days)
        {
            List(text, kind: 2).Text(" and term between ").Value(days.First).Text(" and ").Value(days.Last).Text(" having count(*) > 0 or not s.by_day) day");
            lists = $"event_log.common_positions({lists}, day.positions)";
        }

        if (filter.ExternalCustomerId is { } customer)
        {
            Customer(text, customer, lists);
            lists = "customer.positions";
        }

        return text.Text($" cross join lateral (select {lists} as positions offset 0) l");
    }

    /// <summary>Few positions are looked up as they are. Otherwise the customer's bucket is read, which holds all events of a thousandth of the customers.</summary>
    private void Customer(QueryText text, string customer, string others)
    {
        text.Text($" cross join lateral (select {others} as positions offset 0) others cross join lateral (select others.positions where cardinality(others.positions) <= {FewPositions}")
            .Text(" union all select event_log.common_positions(others.positions, case when cardinality(c.positions) <= ").Value(filter.Code is null ? MaxListed : int.MaxValue)
            .Text(" then c.positions end) from (select array(select (entry & 131071)::integer from unnest(entries) entry where entry >> 27 = event_log.customer_tag(")
            .Value(filter.OrganizationId).Text(", ").Value(customer).Text(")");
        if (filter.Code is { } code)
        {
            text.Text(" and (entry >> 17) & 1023 = event_log.code_tag(").Value(code).Text(")");
        }

        text.Text(") as positions from event_log.customer_postings where from_position = s.from_position and bucket = event_log.customer_bucket(")
            .Value(filter.OrganizationId).Text(", ").Value(customer)
            .Text($") and (others.positions is null or cardinality(others.positions) > {FewPositions}) offset 0) c where cardinality(c.positions) > 0 offset 0) customer");
    }

    private QueryText List(QueryText text, short kind) => text.Text(
        $"""

         cross join lateral (
           select case when bool_and(positions is not null) and sum(events) <= {MaxListed} then event_log.all_positions(positions) end as positions
           from event_log.postings where from_position = s.from_position and kind = {kind} and organization_id =
         """).Text(" ").Value(filter.OrganizationId);

    private (string First, string Last)? Days()
    {
        if (filter.From is null && filter.To is null)
        {
            return null;
        }

        var from = filter.From ?? DateTimeOffset.UnixEpoch;
        var to = filter.To ?? DateTimeOffset.MaxValue;
        return (to - from).TotalDays > MaxDays ? null : (Day(from), Day(to));

        static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task AddAsync(QueryText text, CancellationToken ct)
    {
        await using var command = text.Create(connection);
        command.CommandTimeout = timeoutSeconds;
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            _page.Add(await UsageEventRow.ReadAsync(reader, 0, ct));
        }
    }
}

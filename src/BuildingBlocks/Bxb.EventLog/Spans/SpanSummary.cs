using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.EventLog.Spans;

/// <summary>Summarizes spans of settled positions one after the other, so that the event list finds rare events without an index that every append would maintain.</summary>
/// <remarks>
/// <para>A span is summarized once, when all its positions are settled: its content never changes after that. Several hosts may call at once; an advisory lock lets one work.</para>
/// <para>
/// A transaction that has an id holds the settled position back (decision 1). So one connection reads the summary in a transaction without an id, and another one writes it in
/// short transactions. The row of <c>event_log.spans</c> comes last: what a broken attempt left behind is not read, and is deleted by the next attempt.
/// </para>
/// </remarks>
internal static class SpanSummary
{
    /// <summary>Positions of a span. The newest events, up to as many and those not settled yet, are found by reading backwards.</summary>
    public const int Positions = 131_072;

    /// <summary>A term with more events in one span than this has no list there: reading the span backwards finds a page of them sooner.</summary>
    public const int MaxListed = 16_384;

    /// <summary>Rows of one writing transaction.</summary>
    internal const int RowsPerTransaction = 1_000;

    private const long LockKey = 0x4278_625F_7370_616E;

    // The first span begins where the log's first partition does, each other one where the last ended.
    private const string NextSpan = """
        select n.from_position, least(n.from_position + $1 - 1, p.to_position - 1)
        from (select coalesce((select max(to_position) + 1 from event_log.spans), (select min(from_position) from event_log.event_partitions)) as from_position) n
        join event_log.event_partitions p on p.from_position <= n.from_position and p.to_position > n.from_position
        """;

    // Only where event times are spread are there lists by day: late events, imports of history, a slow log. Elsewhere the earliest and latest times of the other lists say enough.
    private const string Spread = "select coalesce(max(timestamp) - min(timestamp) > interval '1 day', false) from event_log.events where position between $1 and $2";

    private const string Columns = "from_position, organization_id, kind, term, events, earliest, latest, codes, positions";

    private const string Complete = "insert into event_log.spans (from_position, to_position, by_day) values ($1, $2, $3)";

    /// <summary>The next span to summarize; null when the log has no partition yet.</summary>
    public static async Task<PositionSpan?> NextAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = Command(connection, NextSpan, Positions);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new PositionSpan(reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    /// <summary>Summarizes the next span if it is settled. Returns false when it is not, or when another host works.</summary>
    /// <param name="connections">Connections with the settings of <see cref="EventLogConnections.Reading"/>.</param>
    /// <param name="settled">The settled position.</param>
    /// <param name="ct">Breaks off; the next attempt begins the span anew.</param>
    /// <exception cref="NpgsqlException">PostgreSQL refused or is away.</exception>
    public static async Task<bool> ExtendAsync(NpgsqlDataSource connections, long settled, CancellationToken ct)
    {
        await using var reading = await connections.OpenConnectionAsync(ct);
        await using var transaction = await reading.BeginTransactionAsync(ct);
        await using var start = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"set local work_mem = '64MB'; select pg_try_advisory_xact_lock({LockKey})"), reading);
        if (await start.ExecuteScalarAsync(ct) is not true || await NextAsync(reading, ct) is not { } span || span.To > settled)
        {
            return false;
        }

        await using var spread = Command(reading, Spread, span.From, span.To);
        var byDay = await spread.ExecuteScalarAsync(ct) is true;
        await using var writing = await connections.OpenConnectionAsync(ct);
        await using var clear = Command(writing, "delete from event_log.postings where from_position = $1", span.From);
        await clear.ExecuteNonQueryAsync(ct);
        await CopyAsync(reading, writing, Lists(span), ct);
        if (byDay)
        {
            await CopyAsync(reading, writing, Days(span), ct);
        }

        await using var complete = Command(writing, Complete, span.From, span.To);
        complete.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = byDay });
        await complete.ExecuteNonQueryAsync(ct);
        return true;
    }

    // A list of offsets for each customer and for each code. Grouped by hash: the texts are not sorted.
    private static string Lists(PositionSpan span) => string.Create(CultureInfo.InvariantCulture, $"""
        select {span.From}::bigint, organization_id, (case grouping(external_customer_id) when 0 then 1 else 2 end)::smallint, coalesce(external_customer_id, code), count(*)::integer,
            min(timestamp), max(timestamp), bit_or(event_log.code_bit(code)), case when count(*) <= {MaxListed} then array_agg((position - {span.From})::integer) end
        from event_log.events where position between {span.From} and {span.To}
        group by grouping sets ((organization_id, external_customer_id), (organization_id, code))
        """);

    private static string Days(PositionSpan span) => string.Create(CultureInfo.InvariantCulture, $"""
        select {span.From}::bigint, organization_id, 3::smallint, to_char(day, 'YYYY-MM-DD'), count(*)::integer,
            min(timestamp), max(timestamp), 0::bigint, case when count(*) <= {MaxListed} then array_agg((position - {span.From})::integer) end
        from (select organization_id, (timestamp at time zone 'UTC')::date as day, timestamp, position from event_log.events where position between {span.From} and {span.To}) e
        group by organization_id, day
        """);

    /// <summary>Copies the rows of a query into the postings, a bounded number of them in each transaction.</summary>
    private static async Task CopyAsync(NpgsqlConnection reading, NpgsqlConnection writing, string query, CancellationToken ct)
    {
        await using var rows = await reading.BeginBinaryExportAsync($"copy ({query}) to stdout (format binary)", ct);
        var more = await rows.StartRowAsync(ct) >= 0;
        while (more)
        {
            await using var transaction = await writing.BeginTransactionAsync(ct);

            // What is lost with the server is summarized again, so the commit does not wait for the disk.
            await using var relax = new NpgsqlCommand("set local synchronous_commit = off", writing);
            await relax.ExecuteNonQueryAsync(ct);
            await using (var import = await writing.BeginBinaryImportAsync($"copy event_log.postings ({Columns}) from stdin (format binary)", ct))
            {
                for (var i = 0; more && i < RowsPerTransaction; i++)
                {
                    await CopyRowAsync(rows, import, ct);
                    more = await rows.StartRowAsync(ct) >= 0;
                }

                await import.CompleteAsync(ct);
            }

            await transaction.CommitAsync(ct);
        }
    }

    private static async Task CopyRowAsync(NpgsqlBinaryExporter from, NpgsqlBinaryImporter to, CancellationToken ct)
    {
        await to.StartRowAsync(ct);
        await to.WriteAsync(await from.ReadAsync<long>(NpgsqlDbType.Bigint, ct), NpgsqlDbType.Bigint, ct);
        await to.WriteAsync(await from.ReadAsync<int>(NpgsqlDbType.Integer, ct), NpgsqlDbType.Integer, ct);
        await to.WriteAsync(await from.ReadAsync<short>(NpgsqlDbType.Smallint, ct), NpgsqlDbType.Smallint, ct);
        await to.WriteAsync(await from.ReadAsync<string>(NpgsqlDbType.Text, ct), NpgsqlDbType.Text, ct);
        await to.WriteAsync(await from.ReadAsync<int>(NpgsqlDbType.Integer, ct), NpgsqlDbType.Integer, ct);
        await to.WriteAsync(await from.ReadAsync<DateTime>(NpgsqlDbType.TimestampTz, ct), NpgsqlDbType.TimestampTz, ct);
        await to.WriteAsync(await from.ReadAsync<DateTime>(NpgsqlDbType.TimestampTz, ct), NpgsqlDbType.TimestampTz, ct);
        await to.WriteAsync(await from.ReadAsync<long>(NpgsqlDbType.Bigint, ct), NpgsqlDbType.Bigint, ct);
        if (from.IsNull)
        {
            await from.SkipAsync(ct);
            await to.WriteNullAsync(ct);
        }
        else
        {
            await to.WriteAsync(await from.ReadAsync<int[]>(NpgsqlDbType.Array | NpgsqlDbType.Integer, ct), NpgsqlDbType.Array | NpgsqlDbType.Integer, ct);
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params long[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        }

        return command;
    }
}

/// <summary>Positions from <paramref name="From"/> to <paramref name="To"/>, both inclusive.</summary>
internal readonly record struct PositionSpan(long From, long To);

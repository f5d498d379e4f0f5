using Npgsql;

namespace Bxb.EventLog.Spans;

/// <summary>Summarizes spans of settled positions one after the other, so that the event list finds rare events without an index that every append would maintain.</summary>
/// <remarks>
/// <para>A span is summarized once, when all its positions are settled and its content is final. An advisory lock lets one host work at a time.</para>
/// <para>
/// A transaction that has an id holds the settled position back (decision 1). So a span is read without one, about 2 MB, and written in short transactions. The row of
/// <c>event_log.spans</c> comes last: the rows of a failed attempt are not read, and the next attempt deletes them.
/// </para>
/// </remarks>
internal static class SpanSummary
{
    /// <summary>Positions of a span. The newest events, up to as many and those not settled yet, are found by reading backwards.</summary>
    public const int Positions = 131_072;

    /// <summary>A code or day with more events in one span than this has no list there: reading the span backwards finds a page of them sooner.</summary>
    public const int MaxListed = 16_384;

    private const long LockKey = 0x4278_625F_7370_616E;

    // The first span begins where the log's first partition does, each other one where the last ended.
    private const string NextSpan = """
        select n.from_position, least(n.from_position + $1 - 1, p.to_position - 1)
        from (select coalesce((select max(to_position) + 1 from event_log.spans), (select min(from_position) from event_log.event_partitions)) as from_position) n
        join event_log.event_partitions p on p.from_position <= n.from_position and p.to_position > n.from_position
        """;

    // One pass over the span, one hash of the customer an event, few groups: the host sorts the entries into buckets. An entry is that hash, shifted by the 17 bits of the offset.
    private const string Summarize = """
        select organization_id, code, event_log.code_tag(code), min(timestamp), max(timestamp),
            array_agg((hashtextextended(external_customer_id collate "C", organization_id) << 17) | (position - $1))
        from event_log.events where position between $1 and $2 group by organization_id, code
        """;

    // Only where event times are spread: late events, imports of history, a slow log. Elsewhere the span's earliest and latest times say enough.
    private const string SummarizeDays = """
        select organization_id, to_char(day, 'YYYY-MM-DD'), count(*)::integer, case when count(*) <= $3 then array_agg((position - $1)::integer) end
        from (select organization_id, (timestamp at time zone 'UTC')::date as day, position from event_log.events where position between $1 and $2) e
        group by organization_id, day
        """;

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
    /// <param name="ct">Ends the attempt; the next one begins the span again.</param>
    /// <exception cref="NpgsqlException">PostgreSQL refused or is away.</exception>
    public static async Task<bool> ExtendAsync(NpgsqlDataSource connections, long settled, CancellationToken ct)
    {
        await using var reading = await connections.OpenConnectionAsync(ct);
        await using var transaction = await reading.BeginTransactionAsync(ct);
        await using var start = new NpgsqlCommand($"set local work_mem = '64MB'; select pg_try_advisory_xact_lock({LockKey})", reading);
        if (await start.ExecuteScalarAsync(ct) is not true || await NextAsync(reading, ct) is not { } span || span.To > settled)
        {
            return false;
        }

        var rows = new SpanRows(span);
        await ReadListsAsync(reading, span, rows, ct);
        if (rows.ByDay)
        {
            await ReadDaysAsync(reading, span, rows, ct);
        }

        await using var writing = await connections.OpenConnectionAsync(ct);
        await rows.WriteAsync(writing, ct);
        return true;
    }

    private static async Task ReadListsAsync(NpgsqlConnection connection, PositionSpan span, SpanRows rows, CancellationToken ct)
    {
        await using var command = Command(connection, Summarize, span.From, span.To);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Extend(reader.GetDateTime(3), reader.GetDateTime(4));
            rows.AddCode(reader.GetInt32(0), reader.GetString(1), reader.GetInt64(2), await reader.GetFieldValueAsync<long[]>(5, ct));
        }
    }

    private static async Task ReadDaysAsync(NpgsqlConnection connection, PositionSpan span, SpanRows rows, CancellationToken ct)
    {
        await using var command = Command(connection, SummarizeDays, span.From, span.To, MaxListed);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.AddDay(reader.GetInt32(0), reader.GetString(1), reader.GetInt32(2), await reader.IsDBNullAsync(3, ct) ? null : await reader.GetFieldValueAsync<int[]>(3, ct));
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

using Npgsql;

namespace Bxb.EventLog.Spans;

/// <summary>Summarizes spans of settled positions one after the other, so that the event list finds rare events without an index that every append would maintain.</summary>
/// <remarks>
/// A span is summarized once, in one transaction, when all its positions are settled: its content never changes after that. Several hosts may call at once; an
/// advisory lock lets one work.
/// </remarks>
internal static class SpanSummary
{
    /// <summary>Positions of a span. The newest events, up to as many and those not settled yet, are found by reading backwards.</summary>
    public const int Positions = 131_072;

    /// <summary>A term with more events in one span than this has no list there: reading the span backwards finds a page of them sooner.</summary>
    public const int MaxListed = 16_384;

    private const long LockKey = 0x4278_625F_7370_616E;

    // The first span begins where the log's first partition does, each other one where the last ended.
    private const string NextSpan = """
        select n.from_position, least(n.from_position + $1 - 1, p.to_position - 1)
        from (select coalesce((select max(to_position) + 1 from event_log.spans), (select min(from_position) from event_log.event_partitions)) as from_position) n
        join event_log.event_partitions p on p.from_position <= n.from_position and p.to_position > n.from_position
        """;

    // A list of offsets for each customer and for each code. Grouped by hash: the texts are not sorted.
    private const string Summarize = """
        insert into event_log.postings (from_position, organization_id, kind, term, events, earliest, latest, codes, positions)
        select $1, organization_id, case grouping(external_customer_id) when 0 then 1 else 2 end, coalesce(external_customer_id, code), count(*), min(timestamp), max(timestamp),
            bit_or(event_log.code_bit(code)), case when count(*) <= $3 then array_agg((position - $1)::integer) end
        from event_log.events where position between $1 and $2
        group by grouping sets ((organization_id, external_customer_id), (organization_id, code))
        """;

    // Only where event times are spread: late events, imports of history, a slow log. Elsewhere the earliest and latest times of the lists above say enough.
    private const string SummarizeDays = """
        insert into event_log.postings (from_position, organization_id, kind, term, events, earliest, latest, codes, positions)
        select $1, organization_id, 3, to_char(day, 'YYYY-MM-DD'), count(*), min(timestamp), max(timestamp), 0, case when count(*) <= $3 then array_agg((position - $1)::integer) end
        from (select organization_id, (timestamp at time zone 'UTC')::date as day, timestamp, position from event_log.events where position between $1 and $2) e
        where exists (select from event_log.postings where from_position = $1 having max(latest) - min(earliest) > interval '1 day')
        group by organization_id, day
        """;

    private const string Complete = """
        insert into event_log.spans (from_position, to_position, by_day)
        values ($1, $2, exists (select from event_log.postings where from_position = $1 having max(latest) - min(earliest) > interval '1 day'))
        """;

    /// <summary>The next span to summarize; null when the log has no partition yet.</summary>
    public static async Task<PositionSpan?> NextAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(NextSpan, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = Positions } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new PositionSpan(reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    /// <summary>Summarizes the next span if it is settled. Returns false when it is not, or when another host works.</summary>
    /// <param name="connection">One of <see cref="EventLogConnections.Reading"/>.</param>
    /// <param name="settled">The settled position.</param>
    /// <param name="ct">Breaks off; nothing of the span is left behind then.</param>
    /// <exception cref="NpgsqlException">PostgreSQL refused or is away.</exception>
    public static async Task<bool> ExtendAsync(NpgsqlConnection connection, long settled, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);

        // What is lost with the server is summarized again, so the commit does not wait for the disk.
        await using var start = new NpgsqlCommand(
            $"set local synchronous_commit = off; set local work_mem = '64MB'; select pg_try_advisory_xact_lock({LockKey})", connection);
        if (await start.ExecuteScalarAsync(ct) is not true || await NextAsync(connection, ct) is not { } span || span.To > settled)
        {
            return false;
        }

        await ExecuteAsync(connection, Summarize, ct, span.From, span.To, MaxListed);
        await ExecuteAsync(connection, SummarizeDays, ct, span.From, span.To, MaxListed);
        await ExecuteAsync(connection, Complete, ct, span.From, span.To);
        await transaction.CommitAsync(ct);
        return true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params long[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        }

        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>Positions from <paramref name="From"/> to <paramref name="To"/>, both inclusive.</summary>
internal readonly record struct PositionSpan(long From, long To);

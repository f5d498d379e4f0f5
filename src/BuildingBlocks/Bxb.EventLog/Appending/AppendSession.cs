using System.Data;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.EventLog.Appending;

/// <summary>The connection of one writer, with statements prepared for its <see cref="AppendGroup"/>. Not thread-safe. After an error it is disposed and opened again.</summary>
internal sealed class AppendSession : IAsyncDisposable
{
    // A statement of its own and the first one: a transaction that takes its id after its first position could commit below the settled position.
    // The transaction sets synchronous_commit itself, so that no reset of the session can undo it.
    private const string TakeTransactionId = "select pg_current_xact_id(), set_config('synchronous_commit', 'on', true)";

    // Positions follow the order of the requests. Keys are sorted, so that two writers never deadlock. The sort ends with the position, so that the first event with a key gets it.
    private const string Record = """
        with input as materialized (
            select nextval('event_log.position_seq') as position, u.*
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) with ordinality
                as u(organization_id, source, transaction_id, external_customer_id, code, timestamp, properties, digest, kind, trace_parent, ordinal)
        ), fresh as (
            insert into event_log.event_keys as k (organization_id, transaction_id, source, position, digest)
            select organization_id, transaction_id, source, position, digest from input
            order by organization_id, transaction_id collate "C", source collate "C", position
            on conflict (organization_id, transaction_id, source) do nothing
            returning k.position
        ), recorded as (
            insert into event_log.events (position, organization_id, kind, timestamp, ingested_at, digest, source, transaction_id, external_customer_id, code,
                properties, trace_parent)
            select i.position, i.organization_id, i.kind, i.timestamp, statement_timestamp(), i.digest, i.source, i.transaction_id, i.external_customer_id, i.code,
                i.properties::jsonb, nullif(i.trace_parent, '')
            from input i join fresh using (position)
        )
        select i.ordinal::integer, i.position from input i join fresh using (position)
        """;

    // A statement after the commit: its snapshot contains the conflicting keys.
    private const string LookUp = """
        select k.position, k.digest
        from unnest($1, $2, $3) with ordinality as u(organization_id, source, transaction_id, ordinal)
        cross join lateral (
            select position, digest from event_log.event_keys e
            where e.organization_id = u.organization_id and e.transaction_id = u.transaction_id and e.source = u.source offset 0) k
        order by u.ordinal
        """;

    private const string KeepConflicts = """
        insert into event_log.conflicts (organization_id, recorded_position, kind, timestamp, digest, source, transaction_id, external_customer_id, code, properties,
            trace_parent)
        select u.organization_id, u.recorded_position, u.kind, u.timestamp, u.digest, u.source, u.transaction_id, u.external_customer_id, u.code,
            u.properties::jsonb, nullif(u.trace_parent, '')
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            as u(organization_id, source, transaction_id, external_customer_id, code, timestamp, properties, digest, kind, trace_parent, recorded_position)
        order by u.organization_id, u.transaction_id collate "C", u.source collate "C", u.digest
        on conflict (organization_id, transaction_id, source, digest) do nothing
        """;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlBatch _record;
    private readonly NpgsqlCommand _lookUp;
    private readonly NpgsqlCommand _keepConflicts;
    private readonly AppendGroup _group;
    private readonly List<long> _conflictPositions = [];

    private AppendSession(NpgsqlConnection connection, AppendGroup group)
    {
        _connection = connection;
        _group = group;
        _record = new NpgsqlBatch(connection);
        _record.BatchCommands.Add(new NpgsqlBatchCommand(TakeTransactionId));
        var record = new NpgsqlBatchCommand(Record);
        AddContent(record.Parameters);
        _record.BatchCommands.Add(record);
        _lookUp = new NpgsqlCommand(LookUp, connection);
        _lookUp.Parameters.Add(Array(group.Organizations, NpgsqlDbType.Integer));
        _lookUp.Parameters.Add(Array(group.Sources, NpgsqlDbType.Text));
        _lookUp.Parameters.Add(Array(group.TransactionIds, NpgsqlDbType.Text));
        _keepConflicts = new NpgsqlCommand(KeepConflicts, connection);
        AddContent(_keepConflicts.Parameters);
        _keepConflicts.Parameters.Add(Array(_conflictPositions, NpgsqlDbType.Bigint));
    }

    /// <summary>Whether the connection is open. Its keep-alive can detect a loss between two groups.</summary>
    public bool IsOpen => _connection.FullState == ConnectionState.Open;

    public static async Task<AppendSession> OpenAsync(NpgsqlDataSource dataSource, AppendGroup group, CancellationToken ct)
    {
        var connection = await dataSource.OpenConnectionAsync(ct);
        var session = new AppendSession(connection, group);
        try
        {
            await session._record.PrepareAsync(ct);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Commits the group and sets the positions of its new events.</summary>
    public async Task RecordAsync()
    {
        await using var reader = await _record.ExecuteReaderAsync(CancellationToken.None);
        await reader.NextResultAsync(CancellationToken.None);
        while (await reader.ReadAsync(CancellationToken.None))
        {
            _group.SetRecorded(reader.GetInt32(0), reader.GetInt64(1));
        }
    }

    /// <summary>Distinguishes duplicates from conflicts among the other events, and stores the conflicts.</summary>
    /// <returns>The number of each.</returns>
    public async Task<(int Duplicates, int Conflicts)> ResolveAsync(List<AppendRequest> requests)
    {
        _group.SelectRows(requests, AppendOutcome.Pending);
        _conflictPositions.Clear();
        await using (var reader = await _lookUp.ExecuteReaderAsync(CancellationToken.None))
        {
            foreach (var request in requests)
            {
                for (var i = 0; i < request.Block.Count; i++)
                {
                    if (request.Block.Events[i].Outcome == AppendOutcome.Pending)
                    {
                        await NextKeyAsync(reader);
                        Decide(ref request.Block.Events[i], reader.GetInt64(0), reader.GetInt64(1));
                    }
                }
            }
        }

        var repeated = _group.Events;
        if (_conflictPositions.Count > 0)
        {
            _group.SelectRows(requests, AppendOutcome.Conflict);
            await _keepConflicts.ExecuteNonQueryAsync(CancellationToken.None);
        }

        return (repeated - _conflictPositions.Count, _conflictPositions.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _record.DisposeAsync();
        await _lookUp.DisposeAsync();
        await _keepConflicts.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static async Task NextKeyAsync(NpgsqlDataReader reader)
    {
        if (!await reader.ReadAsync(CancellationToken.None))
        {
            throw new EventLogException("A key that was in the way of an event is gone.", isTransient: true, sqlState: null, inner: null);
        }
    }

    private void Decide(ref PendingEvent e, long position, long digest)
    {
        e.Position = position;
        e.Outcome = digest == e.Digest ? AppendOutcome.Duplicate : AppendOutcome.Conflict;
        if (e.Outcome == AppendOutcome.Conflict)
        {
            _conflictPositions.Add(position);
        }
    }

    private void AddContent(NpgsqlParameterCollection parameters)
    {
        parameters.Add(Array(_group.Organizations, NpgsqlDbType.Integer));
        parameters.Add(Array(_group.Sources, NpgsqlDbType.Text));
        parameters.Add(Array(_group.TransactionIds, NpgsqlDbType.Text));
        parameters.Add(Array(_group.Customers, NpgsqlDbType.Text));
        parameters.Add(Array(_group.Codes, NpgsqlDbType.Text));
        parameters.Add(Array(_group.Timestamps, NpgsqlDbType.TimestampTz));
        parameters.Add(Array(_group.Properties, NpgsqlDbType.Text));
        parameters.Add(Array(_group.Digests, NpgsqlDbType.Bigint));
        parameters.Add(Array(_group.Kinds, NpgsqlDbType.Smallint));
        parameters.Add(Array(_group.TraceParents, NpgsqlDbType.Text));
    }

    private static NpgsqlParameter<List<T>> Array<T>(List<T> values, NpgsqlDbType element) =>
        new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element };
}

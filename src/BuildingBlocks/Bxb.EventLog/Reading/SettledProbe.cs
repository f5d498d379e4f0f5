using System.Data;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Determines the settled position. Owns one connection; used by one loop; disposed after an error.</summary>
/// <remarks>
/// <para>
/// Positions are taken inside concurrent transactions, so a higher one can commit first. The log up to a position S is final by this argument. Every transaction that took a position up to S
/// took its transaction id first (by the first statement of the appender), so before S was read. After that the probe takes an id X, and all those ids are below X. When the oldest running
/// transaction is not below X, all of them have ended. A writer that took its id after its position could have an id above X, and readers would skip its events.
/// </para>
/// <para>
/// The xmax of the snapshot cannot replace X: it is one above the latest id that has <em>ended</em>. The id of the writer with position S can be at or above it and still run, and an xmin
/// that equals xmax does not exclude that.
/// </para>
/// <para>
/// S must also survive a crash: the sequence returns values before their log record is on disk, and returns them again after a crash. So S counts only when the write-ahead log is flushed
/// beyond the point where S was read.
/// </para>
/// </remarks>
internal sealed class SettledProbe : IAsyncDisposable
{
    private const string ReadSequence = "select case when is_called then last_value else last_value - 1 end from event_log.position_seq";

    private const string TakeTransactionId = "select pg_current_xact_id(), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";

    private const string ReadHorizon = "select pg_snapshot_xmin(pg_current_snapshot()), pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint";

    // Commits a few bytes and waits for the disk. Only needed if no other commit has flushed the log meanwhile.
    private const string Flush = "select pg_logical_emit_message(true, 'bxb', '')";

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FlushAfter = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan DescribeInterval = TimeSpan.FromSeconds(1);

    // Every transaction with an id holds a lock on that id. pg_locks shows it to every role; pg_stat_activity hides backend_xid, state and times of other roles' sessions
    // unless this role has pg_read_all_stats. A prepared transaction has no process. Replication slots and standbys hold back vacuum, not this.
    private const string FindOldest = """
        select coalesce(a.datname, p.database), l.pid, coalesce('prepared transaction ' || p.gid, a.state, 'unknown'), coalesce(p.prepared, a.xact_start)
        from pg_locks l
        left join pg_stat_activity a on a.pid = l.pid
        left join pg_prepared_xacts p on l.pid is null and p.transaction = l.transactionid
        where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted and l.pid is distinct from pg_backend_pid()
        order by age(l.transactionid) desc limit 1
        """;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlCommand _sequence;
    private readonly NpgsqlBatch _barrier;
    private readonly NpgsqlCommand _horizon;

    private SettledProbe(NpgsqlConnection connection)
    {
        _connection = connection;
        _sequence = new NpgsqlCommand(ReadSequence, connection);
        _barrier = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(TakeTransactionId), new NpgsqlBatchCommand(ReadHorizon) } };
        _horizon = new NpgsqlCommand(ReadHorizon, connection);
    }

    /// <summary>Whether the connection is open. Its keep-alive can detect a loss between two probes.</summary>
    public bool IsOpen => _connection.FullState == ConnectionState.Open;

    public static async Task<SettledProbe> OpenAsync(NpgsqlDataSource dataSource, CancellationToken ct)
    {
        var probe = new SettledProbe(await dataSource.OpenConnectionAsync(ct));
        try
        {
            await probe._sequence.PrepareAsync(ct);
            await probe._barrier.PrepareAsync(ct);
            await probe._horizon.PrepareAsync(ct);
            return probe;
        }
        catch
        {
            await probe.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the highest position that a transaction has taken, committed or not; 0 if there is none.</summary>
    public async Task<long> ReadSequenceAsync(CancellationToken ct) => (long)(await _sequence.ExecuteScalarAsync(ct))!;

    /// <summary>Takes a transaction id and a point of the write-ahead log. All positions taken before are settled when both are passed.</summary>
    public async Task<SettleBarrier> RaiseBarrierAsync(CancellationToken ct)
    {
        await using var reader = await _barrier.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var barrier = new SettleBarrier(await reader.GetFieldValueAsync<ulong>(0, ct), reader.GetInt64(1));
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        barrier.Look(await reader.GetFieldValueAsync<ulong>(0, ct), reader.GetInt64(1));
        return barrier;
    }

    /// <summary>Waits until the barrier is passed, with growing pauses between two checks.</summary>
    /// <param name="barrier">From <see cref="RaiseBarrierAsync"/> of this connection.</param>
    /// <param name="time">The clock.</param>
    /// <param name="heldBack">
    /// Called once a second while an open transaction holds the barrier, with the highest position taken and the oldest transaction; null if it has just ended.
    /// </param>
    /// <param name="ct">Ends the wait.</param>
    public async Task PassAsync(SettleBarrier barrier, TimeProvider time, Action<long, HoldingTransaction?> heldBack, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(1);
        var describeAt = DescribeInterval;
        while (!barrier.Passed)
        {
            await Task.Delay(pause, time, ct);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
            var waited = time.GetElapsedTime(started);
            if (!barrier.OnDisk && waited > FlushAfter)
            {
                await FlushAsync(ct);
            }

            await LookAsync(barrier, ct);
            if (!barrier.TransactionsEnded && waited >= describeAt)
            {
                describeAt = waited + DescribeInterval;
                heldBack(await ReadSequenceAsync(ct), await FindOldestAsync(ct));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sequence.DisposeAsync();
        await _barrier.DisposeAsync();
        await _horizon.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task LookAsync(SettleBarrier barrier, CancellationToken ct)
    {
        await using var reader = await _horizon.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        barrier.Look(await reader.GetFieldValueAsync<ulong>(0, ct), reader.GetInt64(1));
    }

    private async Task FlushAsync(CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Flush, _connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<HoldingTransaction?> FindOldestAsync(CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(FindOldest, _connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new HoldingTransaction(
                reader.GetValue(0) as string, reader.GetValue(1) as int?, reader.GetString(2),
                await reader.IsDBNullAsync(3, ct) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(3, ct))
            : null;
    }
}

/// <summary>The conditions under which a value of the sequence is settled.</summary>
internal sealed class SettleBarrier(ulong transactionId, long writtenTo)
{
    /// <summary>Whether all transactions that ran when the barrier was raised have ended.</summary>
    public bool TransactionsEnded { get; private set; }

    /// <summary>Whether the write-ahead log is on disk up to the point where the barrier was raised.</summary>
    public bool OnDisk { get; private set; }

    public bool Passed => TransactionsEnded && OnDisk;

    public void Look(ulong oldestRunning, long flushedTo)
    {
        TransactionsEnded |= oldestRunning >= transactionId;
        OnDisk |= flushedTo >= writtenTo;
    }
}

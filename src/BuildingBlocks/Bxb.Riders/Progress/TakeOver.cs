using Bxb.EventLog.Reading;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Progress;

/// <summary>Makes this host the owner of a partition, with a new epoch. Thread-safe.</summary>
/// <remarks>
/// A group begins all partitions of a stream at once, at one position. If its progress belongs to another stream (the transport was changed, or the topic was created anew), it continues
/// from the lowest position reached there, and everything up to the highest is delivered as a repeat: nothing is missed and nothing counts twice. The rows of the other stream are
/// deleted, so that its owners' writes are refused. Ranges that were to be delivered again on it are given up.
/// </remarks>
internal sealed class TakeOver(NpgsqlDataSource database, IEventTransport transport, SettledPosition settled, IOptions<RidersOptions> options, IRedelivery? redelivery = null)
{
    private const string Take = """
        update event_log.consumer_groups set owner = $4, owner_epoch = owner_epoch + 1, error = null, confirmed_at = clock_timestamp(), updated_at = clock_timestamp()
        where group_name = $1 and partition = $2 and stream = $3
        returning progress, coalesce(next_offset, -1), in_flight_first, in_flight_last, coalesce(in_flight_first_offset, -1), coalesce(in_flight_last_offset, -1),
            coalesce(repeat_until, 0), owner_epoch
        """;

    // One host at a time begins a group: two at once could begin at different positions.
    internal const string LockGroup = "select pg_advisory_xact_lock(hashtextextended('bxb/begin/' || $1, 0))";

    private const string Inspect = """
        select count(*) filter (where stream = $2), count(*), coalesce(min(progress), 0),
            coalesce(max(greatest(progress, in_flight_last, repeat_until)), 0), coalesce(max(owner_epoch), 0)
        from event_log.consumer_groups where group_name = $1
        """;

    private const string Forget = "delete from event_log.consumer_groups where group_name = $1 and stream <> $2";

    private const string Begin = """
        insert into event_log.consumer_groups (group_name, partition, stream, owner, progress, repeat_until, owner_epoch, last_record)
        select $1, p, $2, $3, $4, nullif($5, $4), $6, greatest($4, $5) from generate_series(0, $7 - 1) p on conflict do nothing
        """;

    /// <summary>Takes the partition over. From the commit on, earlier owners cannot write.</summary>
    /// <param name="group">The group.</param>
    /// <param name="lease">The right to read the partition.</param>
    /// <param name="startFrom">Where a group without any progress begins.</param>
    /// <param name="cancellationToken">Ends the call; the partition may have been taken over.</param>
    public async Task<StoredProgress> RunAsync(string group, IPartitionLease lease, StartFrom startFrom, CancellationToken cancellationToken)
    {
        if (await TryTakeAsync(group, lease, cancellationToken) is { } stored)
        {
            return stored;
        }

        var start = startFrom == StartFrom.Beginning ? 0 : await settled.RefreshAsync(cancellationToken);
        var isNew = await BeginAsync(group, lease.Stream, Math.Max(transport.Partitions, lease.Partition + 1), start, cancellationToken);
        var begun = await TryTakeAsync(group, lease, cancellationToken)
            ?? throw new InvalidOperationException($"The progress of consumer group {group} vanished while it was taken over.");
        return begun with { IsNew = isNew };
    }

    /// <summary>Inserts the rows. Returns whether the group had no progress at all.</summary>
    private async Task<bool> BeginAsync(string group, string stream, int partitions, long start, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, LockGroup, cancellationToken, group);
        var (here, all, lowest, highest, epoch) = await InspectAsync(connection, group, stream, cancellationToken);

        // A partition that was added to the topic later is read from its first record: the group has none of its records.
        var (progress, repeatUntil) = here > 0 ? (0, 0) : all > 0 ? (lowest, highest) : (start, start);
        if (redelivery is not null)
        {
            await redelivery.AbandonAsync(transaction, group, stream, cancellationToken);
        }

        await ExecuteAsync(connection, Forget, cancellationToken, group, stream);
        await ExecuteAsync(connection, Begin, cancellationToken, group, stream, options.Value.Owner, progress, repeatUntil, here > 0 ? 0L : epoch, partitions);
        await transaction.CommitAsync(cancellationToken);
        return all == 0;
    }

    private static async Task<(long Here, long All, long Lowest, long Highest, long Epoch)> InspectAsync(
        NpgsqlConnection connection, string group, string stream, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Inspect, connection) { Parameters = { new() { Value = group }, new() { Value = stream } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in parameters)
        {
            command.Parameters.Add(new() { Value = value, NpgsqlDbType = value is long ? NpgsqlDbType.Bigint : value is int ? NpgsqlDbType.Integer : NpgsqlDbType.Text });
        }

        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<StoredProgress?> TryTakeAsync(string group, IPartitionLease lease, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Take);
        command.Parameters.Add(new() { Value = group });
        command.Parameters.Add(new() { Value = lease.Partition });
        command.Parameters.Add(new() { Value = lease.Stream });
        command.Parameters.Add(new() { Value = options.Value.Owner });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        BatchEdges? inFlight = reader.GetValue(2) is long first ? new BatchEdges(first, reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)) : null;
        return new StoredProgress(new(reader.GetInt64(0), reader.GetInt64(1)), inFlight, reader.GetInt64(6), reader.GetInt64(7), IsNew: false);
    }
}

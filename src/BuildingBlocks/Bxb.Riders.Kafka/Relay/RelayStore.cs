using Bxb.Riders.Kafka.Topics;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>The relay's checkpoint in PostgreSQL. Every write names the owner's epoch and does nothing under a later one. Thread-safe.</summary>
/// <remarks>
/// A cancelled or failed write may have been done or not. Either is sound: a checkpoint is stored for committed records only, and the next owner reads it first. Exceptions are the driver's;
/// the relay begins again after each.
/// </remarks>
internal sealed class RelayStore(NpgsqlDataSource database)
{
    private const string Begin = """
        insert into event_log.relay (topic, topic_id, partitions, position, offsets, epoch, owner)
        values ($1, $2, $3, 0, array_fill(0::bigint, array[$3]), 0, $4) on conflict (topic) do nothing
        """;

    private const string BeginAgain = """
        with forgotten as (
            delete from event_log.relay_flushes where topic = $1 and exists (select 1 from event_log.relay where topic = $1 and topic_id <> $2))
        update event_log.relay set topic_id = $2, partitions = $3, offsets = array_fill(0::bigint, array[$3]),
            position = coalesce((select min(progress) from event_log.consumer_groups), 0)
        where topic = $1 and topic_id <> $2
        returning position
        """;

    // Kept for good: only by the places where their number changed can the partition of an older record be told.
    private const string RememberStart = """
        insert into event_log.relay_flushes (topic, position, offsets, kept) select topic, position, offsets, true from event_log.relay where topic = $1
        on conflict (topic, position) do update set offsets = excluded.offsets, kept = true
        """;

    private const string TakeOver = """
        update event_log.relay set epoch = epoch + 1, owner = $2, error = null, updated_at = clock_timestamp() where topic = $1
        returning epoch, topic_id, position, offsets
        """;

    private const string Read = "select epoch, topic_id, position, offsets from event_log.relay where topic = $1";

    private const string Store = """
        with stored as (
            update event_log.relay set position = $3, offsets = $4, partitions = cardinality($4), error = null, updated_at = clock_timestamp()
            where topic = $1 and epoch = $2 returning 1),
        forgotten as (
            delete from event_log.relay_flushes where $5 and topic = $1 and not kept and at < clock_timestamp() - $6),
        remembered as (
            insert into event_log.relay_flushes (topic, position, offsets, kept) select $1, $3, $4, $7 from stored where $5 on conflict (topic, position) do nothing)
        select count(*) from stored
        """;

    // The last place that the topic still reaches to, since its partitions were last added to. Later ones name offsets that now mean something else.
    private const string GoBack = """
        with place as (
            select position, offsets from event_log.relay_flushes f where topic = $1 and cardinality(offsets) = cardinality($3)
                and not exists (select 1 from unnest(f.offsets, $3) as o(stored, there) where stored > there)
            order by position desc limit 1),
        back as (
            update event_log.relay r set position = place.position, offsets = place.offsets, updated_at = clock_timestamp() from place
            where topic = $1 and epoch = $2 returning epoch, topic_id, r.position, r.offsets),
        forgotten as (
            delete from event_log.relay_flushes f using back where f.topic = $1 and f.position > back.position)
        select epoch, topic_id, position, offsets from back
        """;

    private const string StoreError = "update event_log.relay set error = $3, updated_at = clock_timestamp() where topic = $1 and epoch = $2";

    /// <summary>Makes this host the owner of a topic: from the commit on no earlier one can store.</summary>
    /// <param name="topic">The topic as it stands. One that was made anew begins where the groups are that have got least far, and has no history.</param>
    /// <param name="owner">This host's name.</param>
    /// <param name="cancellationToken">Ends the call; the ownership may have been taken.</param>
    /// <returns>The checkpoint to continue from, and whether the topic was another one before.</returns>
    public async Task<(RelayCheckpoint Checkpoint, bool IsNewTopic)> TakeOverAsync(TopicState topic, string owner, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var begin = new NpgsqlCommand(Begin, connection, transaction) { Parameters = { Text(topic.Name), Text(topic.Id), Number(topic.Partitions), Text(owner) } };
        var isFirst = await begin.ExecuteNonQueryAsync(cancellationToken) > 0;
        await using var again = new NpgsqlCommand(BeginAgain, connection, transaction) { Parameters = { Text(topic.Name), Text(topic.Id), Number(topic.Partitions) } };
        var isNew = await again.ExecuteScalarAsync(cancellationToken) is not null;
        if (isFirst || isNew)
        {
            await using var remember = new NpgsqlCommand(RememberStart, connection, transaction) { Parameters = { Text(topic.Name) } };
            await remember.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var takeOver = new NpgsqlCommand(TakeOver, connection, transaction) { Parameters = { Text(topic.Name), Text(owner) } };
        var checkpoint = await SingleAsync(takeOver, topic.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (checkpoint!, isNew);
    }

    /// <summary>The stored checkpoint; null when no relay ever ran.</summary>
    public async Task<RelayCheckpoint?> ReadAsync(string topic, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(Text(topic));
        return await SingleAsync(command, topic, cancellationToken);
    }

    /// <summary>Stores how far the log is in the topic, committed.</summary>
    /// <param name="checkpoint">The new checkpoint, under the epoch of the owner.</param>
    /// <param name="remembered">For how long to keep it in the history too; null to leave it out.</param>
    /// <param name="forGood">Whether it stays in the history for good: the number of partitions changes here.</param>
    /// <param name="cancellationToken">Ends the call; it may have been stored.</param>
    /// <returns>False when the epoch is over: nothing was stored.</returns>
    public async Task<bool> StoreAsync(RelayCheckpoint checkpoint, TimeSpan? remembered, bool forGood, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Store);
        command.Parameters.Add(Text(checkpoint.Topic));
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = checkpoint.Epoch });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = checkpoint.Position });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = checkpoint.Offsets });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = remembered is not null });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = remembered ?? TimeSpan.Zero, NpgsqlDbType = NpgsqlDbType.Interval });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = forGood });
        return await command.ExecuteScalarAsync(cancellationToken) is 1L;
    }

    /// <summary>Goes back to where the topic still reaches, after it has lost records.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="epoch">The owner's.</param>
    /// <param name="ends">The end of each partition.</param>
    /// <param name="cancellationToken">Ends the call; it may have been done.</param>
    /// <returns>The checkpoint to continue from; null when none is known, or the epoch is over.</returns>
    public async Task<RelayCheckpoint?> GoBackAsync(string topic, long epoch, long[] ends, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(GoBack);
        command.Parameters.Add(Text(topic));
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = ends });
        return await SingleAsync(command, topic, cancellationToken);
    }

    /// <summary>Writes down for other hosts why the relay does not get on. Nothing happens when the epoch is over.</summary>
    public async Task StoreErrorAsync(string topic, long epoch, string error, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(StoreError);
        command.Parameters.Add(Text(topic));
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch });
        command.Parameters.Add(Text(error));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<RelayCheckpoint?> SingleAsync(NpgsqlCommand command, string topic, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new RelayCheckpoint(topic, reader.GetString(1), reader.GetInt64(2), await reader.GetFieldValueAsync<long[]>(3, cancellationToken), reader.GetInt64(0))
            : null;
    }

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value };

    private static NpgsqlParameter<int> Number(int value) => new() { TypedValue = value };
}

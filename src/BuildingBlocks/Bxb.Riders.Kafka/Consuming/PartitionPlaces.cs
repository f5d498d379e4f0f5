using Bxb.Riders.Kafka.Relay;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Turns positions of the log into offsets of a partition and back, by the places that the relay has noted. Thread-safe.</summary>
/// <remarks>The places are some of those that the relay has passed, so an offset can be lower than necessary. A reader that begins there drops the records that it has already.</remarks>
internal sealed class PartitionPlaces(NpgsqlDataSource database, RelayProgress relay, IOptions<KafkaOptions> options)
{
    private const string Behind = "select offsets from event_log.relay_flushes where topic = $1 and position <= $2 order by position desc limit 1";

    private const string Above = """
        select position from event_log.relay_flushes where topic = $1 and cardinality(offsets) > $2 and offsets[$2 + 1] >= $3 order by position limit 1
        """;

    // Where the number of partitions changed: it holds for what lies above the position.
    private const string Changes = """
        select position, partitions from (
            select position, cardinality(offsets) as partitions, lag(cardinality(offsets)) over (order by position) as before from event_log.relay_flushes where topic = $1
        ) places where before is distinct from partitions order by position
        """;

    /// <summary>An offset of the partition below which there is nothing above the position.</summary>
    public async Task<long> OffsetBehindAsync(int partition, long position, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Behind);
        command.Parameters.Add(new() { Value = options.Value.Topic });
        command.Parameters.Add(new() { Value = position });

        // A partition that was added since begins at 0.
        return await command.ExecuteScalarAsync(cancellationToken) is long[] offsets && partition < offsets.Length ? offsets[partition] : 0;
    }

    /// <summary>A position above which every record of the partition has the offset or a higher one.</summary>
    public async Task<long> PositionAboveAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        if (offset == 0)
        {
            return 0;
        }

        await using var command = database.CreateCommand(Above);
        command.Parameters.Add(new() { Value = options.Value.Topic });
        command.Parameters.Add(new() { Value = partition });
        command.Parameters.Add(new() { Value = offset });
        return await command.ExecuteScalarAsync(cancellationToken) is long position ? position : relay.Current?.Position ?? 0;
    }

    /// <summary>How many partitions the topic had from which position on, the lowest first.</summary>
    public async Task<IReadOnlyList<(long Above, int Partitions)>> PartitionCountsAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Changes);
        command.Parameters.Add(new() { Value = options.Value.Topic });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new List<(long, int)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            counts.Add((reader.GetInt64(0), reader.GetInt32(1)));
        }

        return counts;
    }
}

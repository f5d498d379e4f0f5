using System.Data.Common;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Riders.PostgresLog;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>How far the relay is.</summary>
/// <param name="Topic">The topic that it carries the log to.</param>
/// <param name="Position">Everything up to this position is in the topic.</param>
/// <param name="LagEvents">Positions between it and the settled one. An upper bound of the records still to come: positions have gaps.</param>
/// <param name="LagSeconds">Age of the oldest record that is not in the topic, seconds; 0 when there is none.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Error">Why it retries, one line; null when nothing is wrong.</param>
/// <param name="Owner">The host that relays, or relayed last; null when none ever did.</param>
/// <param name="Partitions">The partitions that records are spread over; 0 when none ever were.</param>
public sealed record RelayStatus(string Topic, long Position, long LagEvents, double LagSeconds, ConsumerGroupState State, string? Error, string? Owner, int Partitions);

/// <summary>How far the relay is, whichever host it runs on. Thread-safe.</summary>
public sealed class RelayMonitor
{
    private const string Read = """
        select position, partitions, owner, error,
            (select extract(epoch from clock_timestamp() - ingested_at)::float8 from event_log.events e where e.position > r.position order by e.position limit 1)
        from event_log.relay r where topic = $1
        """;

    private readonly NpgsqlDataSource _database;
    private readonly GroupLocks _locks;
    private readonly SettledPosition _settled;
    private readonly RelayActivity _activity;
    private readonly KafkaOptions _options;

    internal RelayMonitor(NpgsqlDataSource database, GroupLocks locks, SettledPosition settled, RelayActivity activity, IOptions<KafkaOptions> options) =>
        (_database, _locks, _settled, _activity, _options) = (database, locks, settled, activity, options.Value);

    /// <summary>The relay's status.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<RelayStatus> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (position, age, owner, error, partitions) = await ReadAsync(cancellationToken);
            var lag = Math.Max(0, _settled.Current - position);
            error = _activity.Error ?? (_activity.IsHeld ? null : error);
            var state = error is not null ? ConsumerGroupState.Retrying
                : !await _locks.IsHeldAsync(OutboxRelay.LockName(_options), cancellationToken) ? ConsumerGroupState.Stopped
                : lag > 0 ? ConsumerGroupState.Running
                : ConsumerGroupState.Idle;
            return new RelayStatus(_options.Topic, position, lag, lag == 0 ? 0 : age, state, error, owner, partitions);
        }
        catch (DbException exception)
        {
            throw EventLogErrors.Translate(exception);
        }
    }

    private async Task<(long Position, double Age, string? Owner, string? Error, int Partitions)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = _options.Topic });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (reader.GetInt64(0), reader.GetValue(4) is double age ? Math.Max(0, age) : 0, reader.GetString(2), reader.GetValue(3) as string, reader.GetInt32(1))
            : (0, 0, null, null, 0);
    }
}

using System.Data.Common;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Riders.PostgresLog;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>How far the relay is, whichever host it runs on. Thread-safe.</summary>
internal sealed class RelayMonitor(NpgsqlDataSource database, GroupLocks locks, SettledPosition settled, RelayActivity activity, IOptions<KafkaOptions> options) : IRelay
{
    private const string Read = """
        select position, owner, error,
            (select extract(epoch from clock_timestamp() - ingested_at)::float8 from event_log.events e where e.position > r.position order by e.position limit 1)
        from event_log.relay r where topic = $1
        """;

    /// <inheritdoc />
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<RelayStatus> GetStatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (position, age, owner, error) = await ReadAsync(cancellationToken);
            var lag = Math.Max(0, settled.Current - position);
            error = activity.Error ?? (activity.IsHeld ? null : error);
            var state = error is not null ? RelayState.Retrying
                : !await locks.IsHeldAsync(OutboxRelay.LockName(options.Value), cancellationToken) ? RelayState.Stopped
                : lag > 0 ? RelayState.Running
                : RelayState.Idle;
            return new RelayStatus(position, lag, lag == 0 ? 0 : age, state, owner, error);
        }
        catch (DbException exception)
        {
            throw EventLogErrors.Translate(exception);
        }
    }

    private async Task<(long Position, double Age, string? Owner, string? Error)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = options.Value.Topic });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (reader.GetInt64(0), reader.GetValue(3) is double age ? Math.Max(0, age) : 0, reader.GetString(1), reader.GetValue(2) as string)
            : (0, 0, null, null);
    }
}

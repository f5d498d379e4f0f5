using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Riders.Leases;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>How far the relay is, whichever host it runs on. Thread-safe.</summary>
internal sealed class RelayMonitor(NpgsqlDataSource database, EventAges ages, LeaseStore locks, SettledPosition settled, RelayActivity activity, IOptions<KafkaOptions> options) : IRelay
{
    private const string Read = "select position, owner, error from event_log.relay where topic = $1";

    /// <inheritdoc />
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<RelayStatus> GetStatusAsync(CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(async () =>
    {
        var (position, owner, error) = await ReadAsync(cancellationToken);
        var lag = Math.Max(0, settled.Current - position);
        error = activity.Error ?? (activity.IsHeld ? null : error);
        var state = error is not null ? RelayState.Retrying
            : !await locks.IsHeldAsync(OutboxRelay.LeaseName(options.Value.Topic), cancellationToken) ? RelayState.Stopped
            : lag > 0 ? RelayState.Running
            : RelayState.Idle;
        var age = lag == 0 ? 0 : (await ages.ReadAsync([position], cancellationToken))?.GetValueOrDefault(position);
        return new RelayStatus(position, lag, age, state, owner, error);
    });

    private async Task<(long Position, string? Owner, string? Error)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = options.Value.Topic });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (reader.GetInt64(0), reader.GetString(1), reader.GetValue(2) as string)
            : (0, null, null);
    }
}

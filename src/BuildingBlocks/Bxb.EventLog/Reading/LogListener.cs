using Bxb.EventLog.Retries;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Receives the notifications of other hosts over its own connection and wakes the settled position. Reconnects after a failure.</summary>
internal sealed class LogListener(EventLogConnections connections, SettledPosition settled, TimeProvider time, ILogger logger)
{
    private readonly OutageLog _lost = new(logger, "Notifications cannot be received; the log is polled", time);

    private readonly RetryLoop _retries = new(new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5)), time)
    {
        IsRetriable = EventLogErrors.IsDriverError,
        ResetAfter = TimeSpan.MaxValue,
    };

    /// <summary>Listens until the stop; then it returns normally.</summary>
    public Task RunAsync(CancellationToken stop) => _retries.RunAsync(
        ListenAsync,
        (exception, _) =>
        {
            _lost.Failed(exception);
            return Task.CompletedTask;
        },
        stop);

    private async Task<bool> ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await connections.Dedicated.OpenConnectionAsync(cancellationToken);
        connection.Notification += OnNotification;
        await using (var listen = new NpgsqlCommand($"listen {LogNotifier.ChannelName}", connection))
        {
            await listen.ExecuteNonQueryAsync(cancellationToken);
        }

        _retries.Succeeded();
        _lost.Succeeded();

        // Notifications were missed while no connection listened.
        settled.Wake();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs e)
    {
        // This host's own appends wake it directly.
        if (!string.Equals(e.Payload, connections.HostId, StringComparison.Ordinal))
        {
            settled.Wake();
        }
    }
}

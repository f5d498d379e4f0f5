using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Hears other hosts' notifications over one connection of its own and wakes the settled position. Reconnects by itself.</summary>
internal sealed class LogListener(EventLogConnections connections, SettledPosition settled, TimeProvider time, ILogger logger)
{
    private readonly OutageLog _lost = new(logger, "No notifications are heard; the log is polled", time);

    public async Task RunAsync(CancellationToken ct)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                await using var connection = await connections.Dedicated.OpenConnectionAsync(ct);
                connection.Notification += OnNotification;
                await using (var listen = new NpgsqlCommand($"listen {LogNotifier.ChannelName}", connection))
                {
                    await listen.ExecuteNonQueryAsync(ct);
                }

                failures = 0;
                _lost.Succeeded();

                // What came while nobody listened.
                settled.Wake();
                while (true)
                {
                    await connection.WaitAsync(ct);
                }
            }
            catch (Exception e) when (EventLogErrors.IsDriverError(e))
            {
                _lost.Failed(e);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5_000, 50 << Math.Min(failures++, 7))), time, ct);
            }
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs e)
    {
        // This host's own appends have woken it already.
        if (!string.Equals(e.Payload, connections.HostId, StringComparison.Ordinal))
        {
            settled.Wake();
        }
    }
}

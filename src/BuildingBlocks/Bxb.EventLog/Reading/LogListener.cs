using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Hears other hosts' notifications over one connection of its own and wakes the settled position. Reconnects by itself.</summary>
internal sealed partial class LogListener(EventLogConnections connections, SettledPosition settled, TimeProvider time, ILogger logger)
{
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

                // What came while nobody listened.
                settled.Wake();
                while (true)
                {
                    await connection.WaitAsync(ct);
                }
            }
            catch (Exception e) when (EventLogErrors.IsDriverError(e))
            {
                LogLost(logger, e);
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

    [LoggerMessage(1023, LogLevel.Information, "The listening connection was lost; polling until it is back")]
    private static partial void LogLost(ILogger logger, Exception exception);
}

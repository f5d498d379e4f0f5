using System.Data;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Notifies the other hosts of new events, at most once per <see cref="EventLogOptions.NotifyInterval"/>.</summary>
/// <remarks>
/// Not in the transaction of an append: NOTIFY takes a lock of the whole server at commit and would serialize the commits with their flushes. After a lost notification the others find the
/// events by polling.
/// </remarks>
internal sealed partial class LogNotifier(
    EventLogConnections connections, IOptions<EventLogOptions> options, TimeProvider time, ILogger<LogNotifier> logger) : BackgroundService
{
    public const string ChannelName = "bxb_events";

    private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Requests a notification. Never waits. Thread-safe.</summary>
    public void Raise() => _raised.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            await foreach (var _ in _raised.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    if (connection is { FullState: not ConnectionState.Open })
                    {
                        await connection.DisposeAsync();
                        connection = null;
                    }

                    connection ??= await connections.Dedicated.OpenConnectionAsync(stoppingToken);
                    await using var command = new NpgsqlCommand("select pg_notify($1, $2)", connection);
                    command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ChannelName });
                    command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = connections.HostId });
                    await command.ExecuteNonQueryAsync(stoppingToken);
                }
                catch (Exception e) when (EventLogErrors.IsDriverError(e))
                {
                    LogFailed(logger, e);
                    if (connection is not null)
                    {
                        await connection.DisposeAsync();
                        connection = null;
                    }
                }

                await Task.Delay(options.Value.NotifyInterval, time, stoppingToken);
            }
        }
        finally
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
    }

    [LoggerMessage(1040, LogLevel.Debug, "A notification could not be sent; the others find the events by polling")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

using System.Diagnostics;
using Bxb.EventLog.Reading;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.EventLog.Spans;

/// <summary>Summarizes each span once it is settled, see <see cref="SpanSummary"/>. Holds no connection between two spans.</summary>
internal sealed partial class SpanKeeper(EventLogConnections connections, SettledPosition settled, TimeProvider time, ILogger<SpanKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var next = await NextAsync(stoppingToken);
            await settled.WaitBeyondAsync(next.To - 1, stoppingToken);
            var started = Stopwatch.GetTimestamp();
            var done = await ExtendAsync(stoppingToken);

            // A log that is summarized for the first time leaves the server half of the time for everything else. After a failure, or while another host works: later.
            await Task.Delay(done ? Stopwatch.GetElapsedTime(started) : RetryDelay, time, stoppingToken);
        }
    }

    private async Task<PositionSpan> NextAsync(CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await using var connection = await connections.Reading.OpenConnectionAsync(ct);
                if (await SpanSummary.NextAsync(connection, ct) is { } next)
                {
                    return next;
                }
            }
            catch (Exception e) when (EventLogErrors.IsDriverError(e))
            {
                LogFailed(logger, e.Message);
            }

            await Task.Delay(RetryDelay, time, ct);
        }
    }

    private async Task<bool> ExtendAsync(CancellationToken ct)
    {
        try
        {
            return await SpanSummary.ExtendAsync(connections.Reading, settled.Current, ct);
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            LogFailed(logger, e.Message);
            return false;
        }
    }

    [LoggerMessage(1060, LogLevel.Debug, "A span of the log could not be summarized: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}

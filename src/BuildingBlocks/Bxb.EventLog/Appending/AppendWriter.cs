using System.Diagnostics;
using System.Threading.Channels;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Appending;

/// <summary>A loop that takes blocks from the queue, group by group, and commits them over its own connection.</summary>
/// <remarks>
/// Failure policy. After the loss of a connection the group is sent once more over a new one; events that the lost attempt committed are then duplicates. If that fails too, every block of the
/// group fails as unavailable. When the server refuses the content, the group is halved until the faulty block is alone, so that no other block fails. When a position has no partition, the
/// partitions are created and the group is sent again. A block that was taken cannot be cancelled.
/// </remarks>
internal sealed partial class AppendWriter(
    ChannelReader<AppendRequest> queue, EventLogConnections connections, PartitionMaker partitions, SettledPosition settled, LogNotifier notifier,
    EventLogInstruments instruments, EventLogOptions options, OutageLog outage, ILogger<EventLogAppender> logger)
{
    private readonly AppendGroup _group = new();
    private readonly List<AppendRequest> _taken = [];
    private readonly List<AppendRequest> _unresolved = [];
    private AppendSession? _session;

    /// <summary>Runs until the queue is completed and empty.</summary>
    public async Task RunAsync()
    {
        while (await queue.WaitToReadAsync(CancellationToken.None))
        {
            Take();
            if (_taken.Count > 0)
            {
                await CommitAsync(_taken.ToArray());
            }
        }

        await CloseAsync();
    }

    private void Take()
    {
        _taken.Clear();
        var events = 0;
        var bytes = 0;
        while (events < options.MaxGroupEvents && bytes < options.MaxGroupBytes && queue.TryRead(out var request))
        {
            if (request.TryTake())
            {
                _taken.Add(request);
                events += request.Block.Count;
                bytes += request.Block.WrittenBytes;
            }
        }
    }

    private async Task CommitAsync(ArraySegment<AppendRequest> requests)
    {
        try
        {
            await CommitOnceAsync(requests);
        }
        catch (Exception e) when (EventLogErrors.IsContentFault(e))
        {
            await IsolateAsync(requests, e);
        }
        catch (Exception e)
        {
            await CloseAsync();
            Fail(requests, e);
        }
    }

    private async Task CommitOnceAsync(ArraySegment<AppendRequest> requests)
    {
        const int Attempts = 3;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ExecuteAsync(requests);
                return;
            }
            catch (PostgresException e) when (e.SqlState == SqlStates.CheckViolation && attempt < Attempts)
            {
                // No partition has the position: positions were used faster than partitions were created.
                LogMissingPartition(logger);

                // The next attempt takes new positions, as the other writers do meanwhile.
                await partitions.EnsureAsync(room: 4L * options.Writers * _group.Events, CancellationToken.None);
            }
            catch (Exception e) when (attempt == 1 && IsConnectionLoss(e))
            {
                LogRetry(logger, requests.Count, e.Message);
                await CloseAsync();
            }
        }
    }

    private async Task ExecuteAsync(ArraySegment<AppendRequest> requests)
    {
        // In a repeated group some requests may have completed.
        _group.Clear();
        foreach (var request in requests)
        {
            if (!request.Task.IsCompleted)
            {
                _group.Add(request);
            }
        }

        if (_group.Requests.Count == 0)
        {
            return;
        }

        if (_session is { IsOpen: false })
        {
            await CloseAsync();
        }

        var started = Stopwatch.GetTimestamp();
        instruments.GroupEvents.Record(_group.Events);
        _session ??= await AppendSession.OpenAsync(connections.Dedicated, _group, CancellationToken.None);
        await _session.RecordAsync();
        settled.Observe(_group.LastPosition);
        notifier.Raise();
        _unresolved.Clear();
        instruments.Recorded(_group.CompleteRecorded(_unresolved));
        if (_unresolved.Count > 0)
        {
            var (duplicates, conflicts) = await _session.ResolveAsync(_unresolved);
            foreach (var request in _unresolved)
            {
                request.Complete();
            }

            instruments.Repeated(duplicates, conflicts);
        }

        outage.Succeeded();
        instruments.AppendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private async Task IsolateAsync(ArraySegment<AppendRequest> requests, Exception reason)
    {
        if (requests.Count == 1)
        {
            LogPoison(logger, reason, requests[0].Block.OrganizationId, requests[0].Block.Count);
            Fail(requests, reason);
            return;
        }

        var half = requests.Count / 2;
        await CommitAsync(requests[..half]);
        await CommitAsync(requests[half..]);
    }

    private bool IsConnectionLoss(Exception e) =>
        EventLogErrors.Translate(e) is EventLogUnavailableException || (e is InvalidOperationException && _session is { IsOpen: false });

    private void Fail(ArraySegment<AppendRequest> requests, Exception reason)
    {
        var error = EventLogErrors.Translate(reason);
        instruments.Failed(requests.Count, error is EventLogUnavailableException ? "unavailable" : "refused");
        if (error is EventLogUnavailableException)
        {
            outage.Failed(reason);
        }
        else if (requests.Count > 1 || error is not EventLogException)
        {
            LogFailed(logger, reason, requests.Count);
            error = new EventLogUnavailableException("The event log failed.", (error as EventLogException)?.SqlState, reason);
        }

        foreach (var request in requests)
        {
            request.Fail(error);
        }
    }

    private async Task CloseAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            try
            {
                await session.DisposeAsync();
            }
            catch (Exception e) when (EventLogErrors.IsDriverError(e) || e is InvalidOperationException)
            {
                // The callers get the first error instead.
                LogCloseFailed(logger, e);
            }
        }
    }

    [LoggerMessage(1010, LogLevel.Warning, "No partition for the next position; making it and sending the group again")]
    private static partial void LogMissingPartition(ILogger logger);

    [LoggerMessage(1011, LogLevel.Debug, "A commit of {Blocks} blocks failed and is sent once more over a new connection: {Reason}")]
    private static partial void LogRetry(ILogger logger, int blocks, string reason);

    [LoggerMessage(1012, LogLevel.Warning, "The log refused a block of {Events} events of organization {Organization}")]
    private static partial void LogPoison(ILogger logger, Exception exception, int organization, int events);

    [LoggerMessage(1015, LogLevel.Debug, "A connection could not be closed in order")]
    private static partial void LogCloseFailed(ILogger logger, Exception exception);

    [LoggerMessage(1014, LogLevel.Error, "{Blocks} blocks were not appended")]
    private static partial void LogFailed(ILogger logger, Exception exception, int blocks);
}

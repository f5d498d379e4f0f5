using System.Threading.Channels;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.EventLog.Appending;

/// <summary>Appends blocks of events to the log, many requests to one commit. Thread-safe.</summary>
/// <remarks>
/// Blocks wait in a bounded queue. A few writers take all that wait, up to a limit, and commit them together. A block that no writer has taken is withdrawn by its caller's token or after
/// <see cref="EventLogOptions.AppendTimeout"/>; a taken block ends with its commit. A stop drains the queue.
/// </remarks>
public sealed partial class EventLogAppender : IHostedService
{
    private readonly Channel<AppendRequest> _queue;
    private readonly AppendWriter[] _writers;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EventLogAppender> _logger;
    private Task _running = Task.CompletedTask;

    /// <summary>Used by the container.</summary>
    internal EventLogAppender(
        EventLogConnections connections, PartitionMaker partitions, SettledPosition settled, LogNotifier notifier, EventLogInstruments instruments,
        IOptions<EventLogOptions> options, TimeProvider time, ILogger<EventLogAppender> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        _queue = Channel.CreateBounded<AppendRequest>(new BoundedChannelOptions(_options.QueueBlocks) { FullMode = BoundedChannelFullMode.Wait });
        _writers = new AppendWriter[_options.Writers];
        var outage = new OutageLog(logger, "The event log takes no events", time);
        for (var i = 0; i < _writers.Length; i++)
        {
            _writers[i] = new AppendWriter(_queue.Reader, connections, partitions, settled, notifier, instruments, _options, outage, logger);
        }

        instruments.ObserveQueue(() => _queue.Reader.Count);
    }

    /// <summary>Appends a block. When the task has completed, all events are durable and have their positions and outcomes.</summary>
    /// <param name="block">Borrowed until the task has ended, also by a failure. For an empty one the task completes at once.</param>
    /// <param name="ct">Withdraws the block while it waits for a writer; has no effect after that.</param>
    /// <exception cref="EventLogUnavailableException">PostgreSQL is away or too slow, or the host stops. The events may or may not be in the log; it is safe to append them again.</exception>
    /// <exception cref="EventLogException">PostgreSQL refuses the content of this block.</exception>
    /// <exception cref="OperationCanceledException">Withdrawn; nothing of it is in the log.</exception>
    public async Task AppendAsync(AppendBlock block, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(block);
        ct.ThrowIfCancellationRequested();
        if (block.Count == 0)
        {
            return;
        }

        var request = new AppendRequest(block);
        await using var timer = _time.CreateTimer(static state => ((AppendRequest)state!).TryWithdraw(TooSlow()), request, _options.AppendTimeout, Timeout.InfiniteTimeSpan);
        await using var registration = ct.UnsafeRegister(static (state, token) => ((AppendRequest)state!).TryCancel(token), request);
        if (!_queue.Writer.TryWrite(request))
        {
            await EnqueueAsync(request, ct);
        }

        await request.Task;
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_writers.Select(writer => Task.Run(writer.RunAsync, CancellationToken.None)));
        LogStarted(_logger, _writers.Length);
        return Task.CompletedTask;
    }

    /// <summary>Accepts no more blocks, commits those in the queue, and ends.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _running.WaitAsync(cancellationToken);
        LogStopped(_logger);
    }

    private static EventLogUnavailableException TooSlow() => new("The event log does not keep up.");

    // Waits for room in a full queue, until the request is withdrawn.
    private async Task EnqueueAsync(AppendRequest request, CancellationToken ct)
    {
        try
        {
            var write = _queue.Writer.WriteAsync(request, CancellationToken.None).AsTask();
            await Task.WhenAny(write, request.Task);
            if (write.IsFaulted)
            {
                await write;
            }
        }
        catch (ChannelClosedException)
        {
            ct.ThrowIfCancellationRequested();
            throw new EventLogUnavailableException("The event log takes no more events: the host stops.");
        }
    }

    [LoggerMessage(1000, LogLevel.Information, "Appending with {Writers} writers")]
    private static partial void LogStarted(ILogger logger, int writers);

    [LoggerMessage(1001, LogLevel.Information, "Appending has ended; all accepted events are committed")]
    private static partial void LogStopped(ILogger logger);
}

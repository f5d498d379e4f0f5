using System.Threading.Channels;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Schema;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.EventLog.Appending;

/// <summary>Appends blocks of events to the log, many requests to one commit. Thread-safe.</summary>
/// <remarks>
/// Blocks wait in a bounded queue; a few writers take as many as are there, up to a limit, and commit them together. A block that no writer has taken can be
/// withdrawn, by its caller's token or by <see cref="EventLogOptions.AppendTimeout"/>; once taken it ends with its commit. Stopping drains the queue.
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

    /// <summary>Appends a block. When the task ends well, everything in the block is durable, and each event says its position and what became of it.</summary>
    /// <param name="block">Lent until the task has ended, however it ends. An empty one is done at once.</param>
    /// <param name="ct">Withdraws the block while it waits for a writer; after that it has no effect.</param>
    /// <exception cref="EventLogUnavailableException">PostgreSQL is away, too slow, or the host stops. Whether the events are in the log is not known; appending them again is safe.</exception>
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

    /// <summary>Takes no more blocks, commits those that were taken in, and ends.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _running.WaitAsync(cancellationToken);
        LogStopped(_logger);
    }

    private static EventLogUnavailableException TooSlow() => new("The event log does not keep up.");

    // The queue is full: waits for room under the request's own withdrawal.
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
            throw new EventLogUnavailableException("The event log takes nothing more: the host stops.");
        }
    }

    [LoggerMessage(1000, LogLevel.Information, "Appending with {Writers} writers")]
    private static partial void LogStarted(ILogger logger, int writers);

    [LoggerMessage(1001, LogLevel.Information, "Appending has ended; everything taken in is committed")]
    private static partial void LogStopped(ILogger logger);
}

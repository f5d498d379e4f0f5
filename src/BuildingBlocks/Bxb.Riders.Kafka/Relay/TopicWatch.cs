using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Looks every 10 s whether the topic of a relay session is still the same. Owns a task from construction to disposal. Thread-safe.</summary>
internal sealed partial class TopicWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly TopicState _topic;
    private readonly TopicSetup _topics;
    private readonly ILogger _logger;
    private readonly Task _watching;
    private volatile TopicState _found;

    /// <summary>Begins to look.</summary>
    public TopicWatch(TopicState topic, TopicSetup topics, TimeProvider time, ILogger logger)
    {
        (_topic, _found, _topics, _logger) = (topic, topic, topics, logger);
        Gone = _gone.Token;
        _watching = WatchAsync(time);
    }

    /// <summary>Fires once, when the topic was deleted or made anew; <see cref="Fault"/> then says which.</summary>
    public CancellationToken Gone { get; }

    /// <summary>Why <see cref="Gone"/> has fired, one sentence; null before.</summary>
    public string? Fault { get; private set; }

    /// <summary>Number of partitions at the last look.</summary>
    public int Partitions => _found.Partitions;

    /// <summary>Whether another limit of a record's size applies than at the session's start.</summary>
    public bool HasOtherLimit => _found.MaxRecordBytes != _topic.MaxRecordBytes;

    /// <summary>Looks now. Brokers that do not answer change nothing: the flushes report them.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await _topics.DescribeEventsAsync(cancellationToken);
            if (found?.Id == _topic.Id)
            {
                _found = found;
                return;
            }

            Fault = $"The topic {_topic.Name} {(found is null ? "was deleted" : "was deleted and made anew")}.";
            await _gone.CancelAsync();
        }
        catch (TopicException exception)
        {
            LogNotSeen(_logger, _topic.Name, exception.Message);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _watching;
        _ended.Dispose();
        _gone.Dispose();
    }

    private async Task WatchAsync(TimeProvider time)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                await LookAsync(_ended.Token);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            LogEnded(_logger, _topic.Name);
        }
    }

    [LoggerMessage(2131, LogLevel.Debug, "The topic {Topic} could not be looked at: {Reason}")]
    private static partial void LogNotSeen(ILogger logger, string topic, string reason);

    [LoggerMessage(2132, LogLevel.Debug, "The topic {Topic} is no longer watched")]
    private static partial void LogEnded(ILogger logger, string topic);
}

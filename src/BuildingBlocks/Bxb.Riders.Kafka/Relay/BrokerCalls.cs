using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Calls of the client that block until the brokers have answered, in slices of a second between which cancellation is heard.</summary>
/// <param name="waiting">Told, once a second, why a call takes long that still goes on.</param>
/// <param name="time">The clock.</param>
internal sealed class BrokerCalls(Action<string> waiting, TimeProvider time)
{
    /// <summary>How long one call may block.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    private volatile Error? _trouble;

    /// <summary>What the client says of its connections meanwhile.</summary>
    public void Trouble(Error error) => _trouble = error;

    /// <summary>Runs calls on a thread of their own.</summary>
    public static Task RunAsync(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Calls until the brokers have said how it ended. A time-out says nothing; the same call goes on waiting.</summary>
    /// <exception cref="RelayException">It failed, or is not known to have ended in time.</exception>
    public void Resolve(string what, Action<TimeSpan> call, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        _trouble = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                call(Slice);
                return;
            }
            catch (KafkaException exception) when (exception is not KafkaRetriableException || time.GetElapsedTime(started) > patience)
            {
                throw Failure(what, exception);
            }
            catch (KafkaRetriableException exception)
            {
                if (time.GetElapsedTime(started) >= Long)
                {
                    waiting($"The brokers take long to {what}: {(_trouble ?? exception.Error).Reason}");
                }
            }
        }
    }

    /// <summary>What a failed call means for the relay.</summary>
    public static RelayException Failure(string what, KafkaException exception) => new($"The brokers did not {what}: {exception.Error.Reason} ({exception.Error.Code}).", exception);
}

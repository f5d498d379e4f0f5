using Npgsql;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>How far the log has been carried to the topic, as the relay has stored it.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="TopicId">Kafka's id of it: a topic that was made anew has another one.</param>
/// <param name="Position">Everything up to it is in the topic, committed.</param>
/// <param name="Offsets">For each partition, the offset behind the last such record: a partition read up to there is read up to the position.</param>
/// <param name="Epoch">Whose word it is: a later owner's counts, also where it has gone back.</param>
internal sealed record RelayPoint(string Topic, string TopicId, long Position, long[] Offsets, long Epoch = 0)
{
    /// <summary>Whether this says more than another one, or otherwise.</summary>
    public bool Follows(RelayPoint other) => Epoch != other.Epoch ? Epoch > other.Epoch
        : Position != other.Position ? Position > other.Position
        : Offsets.Length > other.Offsets.Length;
}

/// <summary>What this host knows of the relay's progress, whichever host it runs on: told at once by a relay in this process, else looked up every 50 ms while somebody waits. Thread-safe.</summary>
internal sealed class RelayProgress(NpgsqlDataSource database, Microsoft.Extensions.Options.IOptions<KafkaOptions> options, TimeProvider time)
{
    private const string Read = "select topic_id, position, offsets, epoch from event_log.relay where topic = $1";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RelayPoint? _current;
    private long _lookedAt;
    private bool _looking;

    /// <summary>The last that is known; null before the relay ever ran.</summary>
    public RelayPoint? Current => Volatile.Read(ref _current);

    /// <summary>The relay has stored this. What is older than the current one is ignored.</summary>
    public void Publish(RelayPoint point)
    {
        lock (_gate)
        {
            if (_current is { } current && !point.Follows(current))
            {
                return;
            }

            Volatile.Write(ref _current, point);
            var changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.TrySetResult();
        }
    }

    /// <summary>Ends when there is another one than <paramref name="known"/>. Failures to look are left to the next look.</summary>
    public async ValueTask WaitForChangeAsync(RelayPoint? known, CancellationToken cancellationToken)
    {
        while (ReferenceEquals(Current, known))
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            await LookAsync(cancellationToken);
            if (!ReferenceEquals(Current, known))
            {
                return;
            }

            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(changed, Task.Delay(Interval, time, pause.Token));
            await pause.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>One look at a time, and not sooner than the interval after the last: many wait.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_looking || (_lookedAt != 0 && time.GetElapsedTime(_lookedAt) < Interval))
            {
                return;
            }

            _looking = true;
        }

        try
        {
            await using var command = database.CreateCommand(Read);
            command.Parameters.Add(new() { Value = options.Value.Topic });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
            {
                Publish(new RelayPoint(options.Value.Topic, reader.GetString(0), reader.GetInt64(1), await reader.GetFieldValueAsync<long[]>(2, cancellationToken), reader.GetInt64(3)));
            }
        }
        catch (NpgsqlException)
        {
            // PostgreSQL is away: those who need it say so.
        }
        finally
        {
            lock (_gate)
            {
                (_lookedAt, _looking) = (time.GetTimestamp(), false);
            }
        }
    }
}

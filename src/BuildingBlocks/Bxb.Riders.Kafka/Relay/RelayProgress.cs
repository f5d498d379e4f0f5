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

/// <summary>What this host knows of the relay's progress, whichever host it runs on: told at once by a relay in this process, else looked up every 50 ms while somebody watches. Thread-safe.</summary>
internal sealed class RelayProgress(NpgsqlDataSource database, Microsoft.Extensions.Options.IOptions<KafkaOptions> options, TimeProvider time)
{
    private const string Read = "select topic_id, position, offsets, epoch from event_log.relay where topic = $1";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // While the last word was that of a relay in this process: another one may have taken over from it.
    private static readonly TimeSpan OwnInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _unwatched;
    private RelayPoint? _current;
    private int _watchers;
    private volatile bool _isOwn;

    /// <summary>The last that is known; null before the relay ever ran.</summary>
    public RelayPoint? Current => Volatile.Read(ref _current);

    /// <summary>The relay in this process has stored this. What is older than the current one is ignored.</summary>
    public void Publish(RelayPoint point) => Take(point, isOwn: true);

    /// <summary>Has this host look for what relays of other hosts store, until the answer is disposed of.</summary>
    public IDisposable Watch()
    {
        lock (_gate)
        {
            if (_watchers++ == 0)
            {
                _unwatched = new CancellationTokenSource();
                var unwatched = _unwatched.Token;
                _ = Task.Run(() => LookAsync(unwatched), CancellationToken.None);
            }
        }

        return new Watching(this);
    }

    /// <summary>Ends when there is another one than <paramref name="known"/>, if the caller watches. Waiting costs nothing and can be left off.</summary>
    public Task Changed(RelayPoint? known)
    {
        lock (_gate)
        {
            return ReferenceEquals(_current, known) ? _changed.Task : Task.CompletedTask;
        }
    }

    /// <summary>Ends when there is another one than <paramref name="known"/>. Failures to look are left to the next look.</summary>
    public async ValueTask WaitForChangeAsync(RelayPoint? known, CancellationToken cancellationToken)
    {
        using var watching = Watch();
        await Changed(known).WaitAsync(cancellationToken);
    }

    private void Take(RelayPoint point, bool isOwn)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_current is { } current && !point.Follows(current))
            {
                return;
            }

            Volatile.Write(ref _current, point);
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _isOwn = isOwn;
        }

        changed.TrySetResult();
    }

    private async Task LookAsync(CancellationToken unwatched)
    {
        while (!unwatched.IsCancellationRequested)
        {
            try
            {
                await using var command = database.CreateCommand(Read);
                command.Parameters.Add(new() { Value = options.Value.Topic });
                await using var reader = await command.ExecuteReaderAsync(unwatched);
                if (await reader.ReadAsync(unwatched))
                {
                    Take(new RelayPoint(options.Value.Topic, reader.GetString(0), reader.GetInt64(1), await reader.GetFieldValueAsync<long[]>(2, unwatched), reader.GetInt64(3)), isOwn: false);
                }
            }
            catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
            {
                // PostgreSQL is away: those who need it say so. Or nobody watches any more.
            }

            await Task.Delay(_isOwn ? OwnInterval : Interval, time, unwatched).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_watchers == 0)
            {
                _ = _unwatched?.CancelAsync();
            }
        }
    }

    private sealed class Watching(RelayProgress progress) : IDisposable
    {
        private RelayProgress? _progress = progress;

        public void Dispose() => Interlocked.Exchange(ref _progress, null)?.Leave();
    }
}

using Bxb.EventLog;
using Npgsql;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>
/// The relay's checkpoint as this host knows it. A relay in this process publishes it at once; that of another host is read from PostgreSQL every 50 ms while it is watched. Thread-safe.
/// </summary>
internal sealed class RelayProgress(NpgsqlDataSource database, Microsoft.Extensions.Options.IOptions<KafkaOptions> options, TimeProvider time)
{
    private const string Read = "select topic_id, position, offsets, epoch from event_log.relay where topic = $1";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    // While the last checkpoint came from a relay in this process. Another host may take over from it.
    private static readonly TimeSpan OwnInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _unwatched;
    private RelayCheckpoint? _current;
    private int _watchers;
    private volatile bool _isOwn;

    /// <summary>The newest checkpoint that is known; null before a relay ever ran.</summary>
    public RelayCheckpoint? Current => Volatile.Read(ref _current);

    /// <summary>Takes a checkpoint that the relay of this process has stored. One older than the current is ignored.</summary>
    public void Publish(RelayCheckpoint checkpoint) => Take(checkpoint, isOwn: true);

    /// <summary>Reads the checkpoint from PostgreSQL again and again, until the answer is disposed of.</summary>
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

    /// <summary>Completes when the checkpoint is another than <paramref name="known"/>. The caller has to watch. The wait can be abandoned.</summary>
    public Task Changed(RelayCheckpoint? known)
    {
        lock (_gate)
        {
            return ReferenceEquals(_current, known) ? _changed.Task : Task.CompletedTask;
        }
    }

    /// <summary>Completes when the checkpoint is another than <paramref name="known"/>. Failures of PostgreSQL are retried.</summary>
    public async ValueTask WaitForChangeAsync(RelayCheckpoint? known, CancellationToken cancellationToken)
    {
        using var watching = Watch();
        await Changed(known).WaitAsync(cancellationToken);
    }

    private void Take(RelayCheckpoint checkpoint, bool isOwn)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_current is { } current && !checkpoint.Follows(current))
            {
                return;
            }

            Volatile.Write(ref _current, checkpoint);
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
                    Take(new RelayCheckpoint(options.Value.Topic, reader.GetString(0), reader.GetInt64(1), await reader.GetFieldValueAsync<long[]>(2, unwatched), reader.GetInt64(3)), isOwn: false);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException || EventLogErrors.Find(exception) is not null)
            {
                // PostgreSQL is away, which its users report. Or the last watch has ended.
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

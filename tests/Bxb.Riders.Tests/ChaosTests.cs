using Bxb.Riders.Compliance;
using Xunit.Abstractions;

namespace Bxb.Riders.Tests;

/// <summary>Random failures on two hosts at once: at the end the store holds every record once, except the dead letters.</summary>
public sealed class ChaosTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Group = "chaos";
    private readonly TransportRig _rig = new();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Whatever_fails_the_store_holds_every_record_once()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var store = new FickleStore(seed);
        for (var i = 0; i < 2; i++)
        {
            await _rig.StartHostAsync(b => b.Group(
                Group, o => (o.MaxBatch, o.DurableProgress) = (50, (_, progress, _) => ValueTask.FromResult(store.Durable(progress.Position))), store.InsertAsync));
        }

        var appended = new List<long>();
        for (var round = 0; round < 40; round++)
        {
            var positions = await _rig.AppendAsync(random.Next(1, 150));
            store.Poison(positions.Where(_ => random.Next(100) == 0));
            appended.AddRange(positions);
            switch (random.Next(8))
            {
                case 0:
                    await _rig.EndLeasesAsync();
                    break;
                case 1:
                    await _rig.ExecuteAsync(
                        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name <> 'rig' and random() < 0.5");
                    break;
                case 2:
                    await Task.Delay(random.Next(50));
                    break;
                default:
                    break;
            }
        }

        store.Calm();
        var host = await _rig.StartHostAsync(b => b.Group("watcher"));
        await host.WaitForAsync(Group, appended[^1]);
        var dead = (await host.DeadLetters.ListAsync(new DeadLetterFilter(Group, Limit: 1000), CancellationToken.None)).Select(l => l.Position).ToHashSet();
        store.Violations.ShouldBeEmpty();
        store.Poisoned.ShouldBe(dead, ignoreOrder: true);
        store.Positions.ShouldBe(appended.Where(p => !dead.Contains(p)));
    }

    /// <summary>A store whose inserts fail before, during and after the work, and which loses rows that are not durable. Refuses an older epoch. Thread-safe.</summary>
    private sealed class FickleStore(int seed)
    {
        private readonly Lock _gate = new();
        private readonly Random _random = new(seed);
        private readonly SortedSet<long> _rows = [];
        private readonly HashSet<long> _poison = [];
        private long _epoch;
        private long _durable;
        private bool _calm;

        public List<string> Violations { get; } = [];

        public IReadOnlyCollection<long> Poisoned => _poison;

        public IReadOnlyCollection<long> Positions => _rows;

        public void Poison(IEnumerable<long> positions)
        {
            lock (_gate)
            {
                // A record that was processed already does not become poison.
                _poison.UnionWith(positions.Where(p => !_rows.Contains(p) && p > _durable && _rows.LastOrDefault() < p));
            }
        }

        public void Calm()
        {
            lock (_gate)
            {
                _calm = true;
            }
        }

        public long Durable(long progress)
        {
            lock (_gate)
            {
                return Math.Min(progress, _durable);
            }
        }

        public Task InsertAsync(EventBatch batch, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                if (batch.OwnerEpoch < _epoch)
                {
                    throw new TimeoutException("This owner's time is over.");
                }

                _epoch = batch.OwnerEpoch;
                var positions = Delivered.From(batch).Positions;
                if (positions.Any(_poison.Contains))
                {
                    throw new FormatException("poison");
                }

                var fate = _calm ? 100 : _random.Next(30);
                if (fate == 0)
                {
                    throw new TimeoutException("before");
                }

                if (fate == 1)
                {
                    _rows.RemoveWhere(p => p > _durable);
                    throw new ProgressLostException(_durable);
                }

                foreach (var position in fate == 2 ? positions.Take(positions.Count / 2) : positions)
                {
                    if (!_rows.Add(position) && !batch.IsRepeat)
                    {
                        Violations.Add($"{position} came as new, but was there");
                    }
                }

                if (fate is 2 or 3)
                {
                    throw new TimeoutException("after");
                }

                // Only positions below a batch that is not a repeat become durable: a rewind cannot deliver them again.
                _durable = !batch.IsRepeat && _random.Next(4) == 0 ? Math.Max(_durable, batch.FirstPosition - 1) : _durable;
                return Task.CompletedTask;
            }
        }
    }
}

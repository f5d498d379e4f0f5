using System.Collections.Concurrent;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>This host's lanes into ClickHouse: one for each partition that it reads, or one for the log. Thread-safe; each lane takes one batch at a time.</summary>
/// <remarks>
/// Whether the embedded engine may hold less than the group's progress says is a matter of all lanes, also of those to which nothing comes: after a start of the engine it is
/// believed again only when each lane of this host has been compared with it (see <see cref="EngineWatch"/>).
/// </remarks>
internal sealed class UsageLoader(ClickHouseClient client, LoaderTerms terms, RowWriters writers, SharedInserts shared, ILogger<UsageLoader> logger)
{
    private readonly ConcurrentDictionary<Lane, LoaderLane> _lanes = new();
    private volatile string? _believed;

    /// <summary>The life of the embedded engine that holds all that this host's progress says; null until the first take-over, and with a server.</summary>
    internal string? Believed => _believed;

    /// <summary>Whether the engine that answered last is in another life than the one that is believed: it may hold less than the progress says, until the group has gone back.</summary>
    internal bool MayHaveLost => _believed is { } believed && client.ServerInstance is { } current && current != believed;

    /// <summary>Begins a term for a partition of this host, and says up to which position ClickHouse surely holds everything of it.</summary>
    /// <remarks>Asked again in between, nothing is begun where the term is one of the engine's present life: then everything is there.</remarks>
    internal async Task<long> TakeOverAsync(PartitionProgress progress, CancellationToken cancellationToken)
    {
        var lane = Find(progress.Topic, progress.Partition);
        if (progress.IsRecheck && lane.Terms.IsCurrent)
        {
            return progress.Position;
        }

        var durable = await lane.Terms.TakeOverAsync(cancellationToken);
        Interlocked.CompareExchange(ref _believed, lane.Terms.Instance, null);
        return durable;
    }

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown: give it again as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse holds less than was acknowledged.</exception>
    internal Task LoadAsync(EventBatch batch, CancellationToken cancellationToken) => Find(batch.Topic, batch.Partition).LoadAsync(batch, cancellationToken);

    /// <summary>Every lane of this host has been compared with the engine in this life of it, and the group has gone back where it had to.</summary>
    internal void Believe(string? instance) => _believed = instance;

    /// <summary>Brings to disk what was acknowledged, once for all lanes, and notes how far each is safe; does nothing when there is nothing new.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    internal Task CheckpointAsync(CancellationToken cancellationToken) => terms.Checkpoints.MakeAsync(_lanes.Values.Select(l => l.Terms), cancellationToken);

    /// <summary>Up to where everything of some partitions is in the table and on disk, as these data say themselves: an older copy of them says less.</summary>
    /// <exception cref="ClickHouseException">It does not answer, or holds no checkpoints.</exception>
    internal Task<IReadOnlyList<long>> ReadCheckpointsAsync(IEnumerable<GroupPartition> partitions, CancellationToken cancellationToken) =>
        terms.Checkpoints.ReadAsync([.. partitions.Select(p => Lane.Of(p.Topic, p.Partition))], cancellationToken);

    private LoaderLane Find(string? topic, int partition) =>
        _lanes.GetOrAdd(Lane.Of(topic, partition), lane => new LoaderLane(lane, client, terms, writers, shared, logger));
}

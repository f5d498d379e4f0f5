using System.Collections.Concurrent;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Inserts;
using Bxb.Analytics.Loading.Rows;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Loading;

/// <summary>Loads this host's partitions into ClickHouse, one <see cref="PartitionLoader"/> each. Thread-safe; one batch at a time per partition.</summary>
/// <remarks>
/// After a restart the embedded engine may have lost rows of any partition, also of one that receives no events. The progress of the group counts again only when every partition of this
/// host has been compared with the engine (see <see cref="EngineWatch"/>).
/// </remarks>
internal sealed class UsageLoader(ClickHouseClient client, EpochStore epochs, RowWriterPool writers, InsertCoalescer coalescer, AnalyticsInstruments instruments, ILogger<UsageLoader> logger)
{
    private readonly ConcurrentDictionary<LoadPartition, PartitionLoader> _loaders = new();
    private volatile string? _trustedInstance;

    /// <summary>The instance of the embedded engine that contains everything up to this host's progress; null before the first take-over and for a server.</summary>
    internal string? TrustedInstance => _trustedInstance;

    /// <summary>Whether the engine that answered last is not <see cref="TrustedInstance"/>. It may then contain less than the progress says, until the group has been rewound.</summary>
    internal bool MayHaveLostRows => _trustedInstance is { } trusted && client.ServerInstance is { } current && current != trusted;

    /// <summary>Begins an epoch for a partition and returns its checkpoint: ClickHouse contains all its events up to there.</summary>
    /// <remarks>For a recheck it begins none if the epoch is current: then the engine contains everything up to the progress, which is returned.</remarks>
    internal async Task<long> TakeOverAsync(PartitionProgress progress, CancellationToken cancellationToken)
    {
        var session = Find(progress.Topic, progress.Partition).Session;
        if (progress.IsRecheck && session.IsCurrent)
        {
            return progress.Position;
        }

        var checkpoint = await session.TakeOverAsync(cancellationToken);
        Interlocked.CompareExchange(ref _trustedInstance, session.Instance, null);
        return checkpoint;
    }

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">An insert failed, or its outcome is unknown: call again with the same batch as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse contains less than it acknowledged.</exception>
    internal Task LoadAsync(EventBatch batch, CancellationToken cancellationToken) => Find(batch.Topic, batch.Partition).LoadAsync(batch, cancellationToken);

    /// <summary>Call when every partition of this host has been compared with this instance of the engine.</summary>
    internal void Trust(string? instance) => _trustedInstance = instance;

    /// <summary>Syncs the data directory once and stores the checkpoints of all partitions; does nothing when nothing was loaded since the last time.</summary>
    /// <exception cref="ClickHouseException">A statement failed, or its outcome is unknown.</exception>
    internal Task CheckpointAsync(CancellationToken cancellationToken) => epochs.Checkpoints.StoreAsync(_loaders.Values.Select(l => l.Session), cancellationToken);

    /// <summary>Returns the checkpoints of some partitions, in their order. Read from ClickHouse: an older copy of the data directory has lower ones.</summary>
    /// <exception cref="ClickHouseException">ClickHouse does not answer, or has no table of checkpoints.</exception>
    internal Task<IReadOnlyList<long>> ReadCheckpointsAsync(IEnumerable<GroupPartition> partitions, CancellationToken cancellationToken) =>
        epochs.Checkpoints.ReadAsync([.. partitions.Select(p => LoadPartition.Of(p.Topic, p.Partition))], cancellationToken);

    private PartitionLoader Find(string? topic, int partition) =>
        _loaders.GetOrAdd(LoadPartition.Of(topic, partition), p => new PartitionLoader(p, client, epochs, writers, coalescer, instruments, logger));
}

using Bxb.Analytics.Loading;
using Bxb.Analytics.Loading.Epochs;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Riders;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Usage from ClickHouse. It covers the progress of the group that loads it, or its checkpoints while no host reads the group.</summary>
internal sealed class ClickHouseUsage(ClickHouseRunner runner, ConsumerGroups groups, UsageLoader loader) : IUsageStore
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE (nothing was loaded yet, or the data directory was replaced by an empty one), TIMEOUT_EXCEEDED and TOO_SLOW.</summary>
    private static readonly int[] Expected = [60, 81, 159, 160];

    public StoreChoice Name => StoreChoice.Clickhouse;

    public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        groups.WaitForAsync(LoadPartition.ConsumerGroup, position, timeout, cancellationToken);

    public async Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        try
        {
            // Read before the query, so that the query sees at least everything up to this position.
            var position = await ProgressAsync(cancellationToken);
            var rows = await runner.RunAsync(query, cancellationToken);
            if (loader.MayHaveLostRows)
            {
                throw new StoreAwayException("ClickHouse was restarted and is being compared with the log.");
            }

            return new UsageAnswer(query, Name, position, rows.Skipped, rows.Finish());
        }
        catch (ClickHouseException e)
        {
            // Only the server's own limit means that the query is too expensive. An error in place of an answer may come from a proxy.
            var isLimit = e.Code is 159 or 160 && !e.MayStillRun;
            throw new StoreAwayException(isLimit ? "The query takes ClickHouse longer than the host allows." : "ClickHouse does not answer.", e)
            {
                IsLimit = isLimit,
                IsOutage = e.IsOutage,
                IsExpected = e.IsTransient || Expected.Contains(e.Code),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException)
        {
            throw new StoreAwayException("ClickHouse sent an invalid answer.", e) { IsExpected = false };
        }
    }

    /// <summary>Returns the position that ClickHouse covers.</summary>
    /// <remarks>
    /// For partitions that a host reads and has compared with ClickHouse this is the progress. Otherwise (the brokers are away, all hosts were stopped) the data directory may have been replaced
    /// by an older one, so only its checkpoints count. A checkpoint at or above the partition's last record proves the whole progress.
    /// </remarks>
    private async Task<long> ProgressAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<GroupPartition> partitions;
        try
        {
            partitions = await groups.ReadPartitionsAsync(LoadPartition.ConsumerGroup, cancellationToken);
        }
        catch (EventLogException e) when (e.IsTransient)
        {
            throw new StoreAwayException("The position of ClickHouse is unknown while PostgreSQL does not answer.", e);
        }

        if (partitions.Count == 0)
        {
            throw new StoreAwayException("Nothing has been loaded into ClickHouse yet.");
        }

        var current = partitions.Where(p => p.IsCurrent).Select(p => p.Position);
        var others = partitions.Where(p => !p.IsCurrent).ToList();
        if (others.Count == 0)
        {
            return current.Min();
        }

        var checkpoints = await loader.ReadCheckpointsAsync(others, cancellationToken);
        return current.Concat(others.Zip(checkpoints, (p, checkpoint) => checkpoint >= p.LastRecord ? p.Position : Math.Min(checkpoint, p.Position))).Min();
    }
}

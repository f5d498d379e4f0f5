using Bxb.Analytics.Loading;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Riders;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Usage from ClickHouse. What it covers is the progress of the group that loads it, or its own checkpoints while no host reads the group.</summary>
internal sealed class ClickHouseUsage(ClickHouseRunner runner, ConsumerGroups groups, UsageLoader loader) : IUsageStore
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE: nothing was ever loaded, or an empty directory was put in the place of the data. TIMEOUT_EXCEEDED and TOO_SLOW.</summary>
    private static readonly int[] Expected = [60, 81, 159, 160];

    public StoreChoice Name => StoreChoice.Clickhouse;

    public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        groups.WaitForAsync(LoadingRegistration.Group, position, timeout, cancellationToken);

    public async Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        try
        {
            // Before the query: whatever the query reads is there already.
            var position = await ProgressAsync(cancellationToken);
            var rows = await runner.RunAsync(query, cancellationToken);
            if (loader.MayHaveLost)
            {
                throw new StoreAwayException("ClickHouse was started again and is being compared with the log.");
            }

            return new UsageAnswer(query, Name, position, rows.Skipped, rows.Finish());
        }
        catch (ClickHouseException e)
        {
            // Only the server's own limit says that the query is too much. One that comes in the place of an answer may be anybody's.
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
            throw new StoreAwayException("ClickHouse does not answer as it should.", e) { IsExpected = false };
        }
    }

    /// <summary>The position that ClickHouse covers.</summary>
    /// <remarks>
    /// While hosts read the group and have compared ClickHouse with the progress, it is the progress. Otherwise (the brokers are away, all hosts were stopped) the data may have been replaced by an
    /// older copy since, and only their own checkpoints are believed, which are as old as the data. A checkpoint at or above a partition's last record proves the whole progress.
    /// </remarks>
    private async Task<long> ProgressAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<GroupPartition> partitions;
        try
        {
            partitions = await groups.ReadPartitionsAsync(LoadingRegistration.Group, cancellationToken);
        }
        catch (EventLogException e) when (e.IsTransient)
        {
            throw new StoreAwayException("The position of ClickHouse cannot be told at present.", e);
        }

        if (partitions.Count == 0)
        {
            throw new StoreAwayException("ClickHouse has not been loaded yet.");
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

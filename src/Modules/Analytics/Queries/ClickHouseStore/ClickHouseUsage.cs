using Bxb.Analytics.Loading;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Riders;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Usage from ClickHouse. What it covers is the progress of the group that loads it.</summary>
internal sealed class ClickHouseUsage(ClickHouseRunner runner, ConsumerGroups groups, UsageLoader loader) : IUsageStore
{
    /// <summary>UNKNOWN_TABLE and UNKNOWN_DATABASE: nothing was ever loaded, or an empty directory was put in the place of the data.</summary>
    private static readonly int[] Gone = [60, 81];

    public StoreChoice Name => StoreChoice.Clickhouse;

    public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        groups.WaitForAsync(LoadingRegistration.Group, position, timeout, cancellationToken);

    public async Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        // Before the query: whatever the query reads is there already.
        var position = await ProgressAsync(cancellationToken);
        try
        {
            var rows = await runner.RunAsync(query, cancellationToken);
            if (loader.MayHaveLost)
            {
                throw new StoreAwayException("ClickHouse was started again and is being compared with the log.", isLimit: false, innerException: null);
            }

            return new UsageAnswer(query, Name, position, rows.Skipped, rows.Finish());
        }
        catch (ClickHouseException e) when (e.IsTransient || Gone.Contains(e.Code))
        {
            var isLimit = e.Code is 159 or 160;
            throw new StoreAwayException(isLimit ? "The query takes ClickHouse longer than the host allows." : "ClickHouse does not answer.", isLimit, e);
        }
    }

    private async Task<long> ProgressAsync(CancellationToken cancellationToken)
    {
        try
        {
            // While no host owns the group nobody has compared what ClickHouse holds with the progress, so that means nothing.
            return await groups.GetAsync(LoadingRegistration.Group, cancellationToken) is { State: not ConsumerGroupState.Stopped } status
                ? status.Position
                : throw new StoreAwayException("ClickHouse is not being loaded at present.", isLimit: false, innerException: null);
        }
        catch (EventLogException e) when (e.IsTransient)
        {
            throw new StoreAwayException("The position of ClickHouse cannot be told at present.", isLimit: false, e);
        }
    }
}

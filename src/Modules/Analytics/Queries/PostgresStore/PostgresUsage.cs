using Bxb.EventLog;
using Bxb.EventLog.Reading;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>Usage from the event log. It covers the settled position.</summary>
internal sealed class PostgresUsage(PostgresRunner runner, SettledPosition settled) : IUsageStore
{
    /// <summary>SQLSTATE of a cancelled statement. If the caller did not cancel it, its time limit did.</summary>
    private const string QueryCanceled = "57014";

    /// <summary>Maximum wait for the first settled position of this host.</summary>
    private static readonly TimeSpan FirstRefreshTimeout = TimeSpan.FromSeconds(1);

    public StoreChoice Name => StoreChoice.Postgresql;

    public async ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (settled.Current >= position)
        {
            return true;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero);
        try
        {
            await settled.WaitBeyondAsync(position - 1, limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task<UsageAnswer> QueryAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        // Read before the query: every settled event is committed and therefore in the snapshot of the query.
        var position = await SettledAsync(cancellationToken);
        try
        {
            var rows = await runner.RunAsync(query, position, cancellationToken);
            return new UsageAnswer(query, Name, position, rows.Skipped, rows.Finish());
        }
        catch (EventLogException e) when (e.IsTransient && !cancellationToken.IsCancellationRequested)
        {
            var isLimit = e.SqlState == QueryCanceled || e.InnerException?.InnerException is TimeoutException;
            throw new StoreAwayException(isLimit ? "The query takes PostgreSQL longer than the host allows." : "PostgreSQL does not answer.", e) { IsLimit = isLimit };
        }
    }

    /// <summary>Returns the settled position; refreshes it if this host does not know it yet.</summary>
    private async ValueTask<long> SettledAsync(CancellationToken cancellationToken)
    {
        if (settled.Current == 0)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(FirstRefreshTimeout);
            await ((Task)settled.RefreshAsync(limit.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return settled.Current;
    }
}

using Bxb.EventLog;
using Bxb.EventLog.Reading;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>Usage from the event log itself. What it covers is the settled position.</summary>
internal sealed class PostgresUsage(PostgresRunner runner, SettledPosition settled) : IUsageStore
{
    /// <summary>SQLSTATE of a statement that was ended, by its time limit if not by its caller.</summary>
    private const string QueryCanceled = "57014";

    /// <summary>How long a query waits at most for this host's first look at the log.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1);

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
        // Before the query: everything settled by now is committed, and so in its snapshot. What comes after it is left out.
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

    /// <summary>The settled position; looks for it where this host has not looked yet.</summary>
    private async ValueTask<long> SettledAsync(CancellationToken cancellationToken)
    {
        if (settled.Current == 0)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(FirstLook);
            await ((Task)settled.RefreshAsync(limit.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return settled.Current;
    }
}

using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Modularity.Errors;
using Npgsql;

namespace Bxb.Host.Serving;

/// <summary>Answers 503 to calls that fail because a store is away, too slow or read-only. Logs one line per outage. Thread-safe.</summary>
internal sealed class StoreAway(NpgsqlDataSource postgres, TimeProvider time, ILogger<StoreAway> logger)
{
    private const string ReadOnlyTransaction = "25006";
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly OutageLog _calls = new(logger, "Calls are answered 503", time);

    /// <summary>503 when the exception or an inner one says that a store is away; else null.</summary>
    public ApiException? Translate(Exception failure)
    {
        if (EventLogErrors.Find(failure) is { IsTransient: true } log)
        {
            if (log.SqlState == ReadOnlyTransaction)
            {
                // After a fail-over, pooled connections may still lead to the old primary.
                postgres.Clear();
                return Away(failure, "PostgreSQL takes no writes.");
            }

            return Away(failure, "PostgreSQL does not answer.");
        }

        return IsClickHouseAway(failure) ? Away(failure, "ClickHouse does not answer.") : null;
    }

    private static bool IsClickHouseAway(Exception? failure) => failure is ClickHouseException { IsTransient: true } || (failure is not null && IsClickHouseAway(failure.InnerException));

    private ApiException Away(Exception failure, string detail)
    {
        _calls.Failed(failure);
        return new ApiException(ErrorCode.Unavailable, detail, retryAfter: RetryAfter);
    }
}

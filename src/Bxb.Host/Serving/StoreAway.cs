using System.Data.Common;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Modularity.Errors;
using Npgsql;

namespace Bxb.Host.Serving;

/// <summary>Answers 503 to calls that fail because a store is away, too slow or read-only. Logs one line for all calls of an outage. Thread-safe.</summary>
internal sealed class StoreAway(NpgsqlDataSource postgres, TimeProvider time, ILogger<StoreAway> logger)
{
    private const string ReadOnlyTransaction = "25006";
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly OutageLog _calls = new(logger, "Calls are answered 503", time);

    /// <summary>503 for an exception that means a store is away, itself or by an inner exception; null for any other.</summary>
    public ApiException? Translate(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            var error = cause is DbException ? EventLogErrors.Translate(cause) : cause;
            if (error is EventLogException { IsTransient: true } log)
            {
                if (log.SqlState == ReadOnlyTransaction)
                {
                    // After a fail-over, pooled connections may still be connected to the old primary.
                    postgres.Clear();
                }

                return Away(failure, log.SqlState == ReadOnlyTransaction ? "PostgreSQL takes no writes." : "PostgreSQL does not answer.");
            }

            if (error is ClickHouseException { IsTransient: true })
            {
                return Away(failure, "ClickHouse does not answer.");
            }
        }

        return null;
    }

    private ApiException Away(Exception failure, string detail)
    {
        _calls.Failed(failure);
        return new ApiException(ErrorCode.Unavailable, detail, retryAfter: RetryAfter);
    }
}

using System.Data.Common;
using System.Net.Sockets;
using Bxb.EventLog;
using Bxb.Modularity.Errors;
using MediatR;

namespace Bxb.Management.Storage;

/// <summary>The one place where this module tells a database that is away from one that refuses a row.</summary>
internal static class StoreErrors
{
    private const string UniqueViolation = "23505";
    private const string ForeignKeyViolation = "23503";

    public static bool IsUniqueViolation(this Exception error) => SqlState(error) == UniqueViolation;

    public static bool IsForeignKeyViolation(this Exception error) => SqlState(error) == ForeignKeyViolation;

    /// <summary>Whether the same call may succeed later: the server is starting, stopping, full, takes no writes just now, or cannot be reached.</summary>
    public static bool IsAway(this Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException or TimeoutException || (cause is DbException database && (database.IsTransient || EventLogErrors.Translate(database) is EventLogUnavailableException)))
            {
                return true;
            }
        }

        return false;
    }

    public static ApiException Unavailable() => new(ErrorCode.Unavailable, "The database does not answer.");

    private static string? SqlState(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is DbException { SqlState: { } state })
            {
                return state;
            }
        }

        return null;
    }
}

/// <summary>Answers 503 when a use case met a database that is away.</summary>
internal sealed class StoreAwayBehavior<TRequest, TResponse> : IPipelineBehavior<TRequest, TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        try
        {
            return await next();
        }
        catch (Exception error) when (error.IsAway())
        {
            throw StoreErrors.Unavailable();
        }
    }
}

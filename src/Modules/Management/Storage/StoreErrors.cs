using System.Data.Common;
using System.Net.Sockets;
using Bxb.EventLog;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Builder;

namespace Bxb.Management.Storage;

/// <summary>Distinguishes a database that is away from one that refuses a row.</summary>
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

    /// <summary>Answers 503 when a call meets a database that is away.</summary>
    public static TBuilder AnswersWithoutDatabase<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(static endpoint =>
        {
            var answer = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = async context =>
            {
                try
                {
                    await answer(context);
                }
                catch (Exception error) when (error.IsAway())
                {
                    throw Unavailable();
                }
            };
        });
        return endpoints;
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

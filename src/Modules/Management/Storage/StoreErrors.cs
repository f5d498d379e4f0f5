using System.Net.Sockets;
using Bxb.EventLog;
using Bxb.Modularity.Errors;

namespace Bxb.Management.Storage;

/// <summary>Distinguishes a database that is away from one that refuses a row.</summary>
internal static class StoreErrors
{
    private const string UniqueViolation = "23505";
    private const string ForeignKeyViolation = "23503";

    public static bool IsUniqueViolation(this Exception error) => EventLogErrors.Find(error)?.SqlState == UniqueViolation;

    public static bool IsForeignKeyViolation(this Exception error) => EventLogErrors.Find(error)?.SqlState == ForeignKeyViolation;

    /// <summary>Whether the same call may succeed later: the server is starting, stopping, full, read-only, or cannot be reached.</summary>
    public static bool IsAway(this Exception? error)
        => EventLogErrors.Find(error) is { IsTransient: true } || error is SocketException or TimeoutException || (error is { InnerException: { } cause } && cause.IsAway());

    public static ApiException Unavailable() => new(ErrorCode.Unavailable, "The database does not answer.");
}

using System.Net.Sockets;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>The log refused a call, or a call failed. No exception of the driver leaves Bxb.EventLog.</summary>
public class EventLogException(string message, bool isTransient, string? sqlState, Exception? inner) : Exception(message, inner)
{
    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>PostgreSQL's error code; null when no server answered.</summary>
    public string? SqlState { get; } = sqlState;
}

/// <summary>The log cannot be reached or is overloaded. The same call may be repeated: an event that was recorded is then a duplicate.</summary>
public sealed class EventLogUnavailableException(string message, string? sqlState = null, Exception? inner = null)
    : EventLogException(message, isTransient: true, sqlState, inner);

/// <summary>Translates errors of the driver into errors of the log. No other class does.</summary>
public static class EventLogErrors
{
    /// <summary>Returns the log's error for an error of the driver. Returns any other exception unchanged.</summary>
    public static Exception Translate(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            PostgresException server when IsTransientState(server.SqlState) =>
                new EventLogUnavailableException($"The event log is unavailable (SQLSTATE {server.SqlState}).", server.SqlState, server),
            PostgresException server =>
                new EventLogException($"The event log refused the call (SQLSTATE {server.SqlState}: {server.MessageText}).", isTransient: false, server.SqlState, server),
            NpgsqlException or SocketException or IOException or TimeoutException =>
                new EventLogUnavailableException("The event log cannot be reached.", sqlState: null, exception),
            _ => exception,
        };
    }

    /// <summary>The log's error for an exception of the driver or the log, found among an exception and its inner ones; null when there is none.</summary>
    public static EventLogException? Find(Exception? exception) => exception switch
    {
        null => null,
        EventLogException known => known,
        NpgsqlException => (EventLogException)Translate(exception),
        _ => Find(exception.InnerException),
    };

    /// <summary>Awaits a call of the driver and translates its errors.</summary>
    /// <exception cref="EventLogException">PostgreSQL refused the call, is away or was too slow.</exception>
    public static async Task<T> TranslateAsync<T>(Func<Task<T>> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        try
        {
            return await call();
        }
        catch (Exception e) when (IsDriverError(e))
        {
            throw Translate(e);
        }
    }

    /// <summary>Whether <see cref="Translate"/> translates an exception: it comes from the driver or from the connection.</summary>
    internal static bool IsDriverError(Exception exception) => exception is NpgsqlException or SocketException or IOException or TimeoutException;

    /// <summary>Whether the content of a statement caused the failure, so that it would fail again.</summary>
    internal static bool IsContentFault(Exception exception) => exception is PostgresException { SqlState: var state }
        && (state.StartsWith(SqlStates.ClassDataException, StringComparison.Ordinal)
            || state.StartsWith(SqlStates.ClassIntegrityViolation, StringComparison.Ordinal)
            || state.StartsWith(SqlStates.ClassProgramLimit, StringComparison.Ordinal));

    private static bool IsTransientState(string state) => state switch
    {
        SqlStates.QueryCanceled or SqlStates.AdminShutdown or SqlStates.CrashShutdown or SqlStates.CannotConnectNow or SqlStates.DatabaseDropped
            or SqlStates.SerializationFailure or SqlStates.DeadlockDetected or SqlStates.LockNotAvailable or SqlStates.ReadOnlyTransaction or SqlStates.NotAccepting
            or SqlStates.IdleSessionTimeout or SqlStates.UndefinedTable or SqlStates.UndefinedSchema => true,
        _ => state.StartsWith(SqlStates.ClassConnection, StringComparison.Ordinal)
            || state.StartsWith(SqlStates.ClassResources, StringComparison.Ordinal)
            || state.StartsWith(SqlStates.ClassSystem, StringComparison.Ordinal),
    };
}

/// <summary>PostgreSQL's error codes that the log distinguishes.</summary>
internal static class SqlStates
{
    public const string QueryCanceled = "57014";
    public const string AdminShutdown = "57P01";
    public const string CrashShutdown = "57P02";
    public const string CannotConnectNow = "57P03";
    public const string DatabaseDropped = "57P04";
    public const string IdleSessionTimeout = "57P05";
    public const string SerializationFailure = "40001";
    public const string DeadlockDetected = "40P01";
    public const string LockNotAvailable = "55P03";

    /// <summary>Object not in prerequisite state: the database accepts no connections.</summary>
    public const string NotAccepting = "55000";
    public const string ReadOnlyTransaction = "25006";
    public const string CheckViolation = "23514";

    /// <summary>The schema is not migrated yet or is being restored: the log is unavailable.</summary>
    public const string UndefinedTable = "42P01";
    public const string UndefinedSchema = "3F000";

    public const string TooManyConnections = "53300";

    /// <summary>Protocol violation: the code of every refusal of PgBouncer.</summary>
    public const string PoolerError = "08P01";

    public const string ClassConnection = "08";
    public const string ClassDataException = "22";
    public const string ClassIntegrityViolation = "23";
    public const string ClassResources = "53";
    public const string ClassProgramLimit = "54";
    public const string ClassSystem = "58";
}

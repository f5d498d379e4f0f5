using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Bxb.ClickHouse;

/// <summary>Makes <see cref="ClickHouseException"/> of what a server says or of how a connection failed.</summary>
internal static partial class ClickHouseErrors
{
    /// <summary>Codes by which a server says "not now": load, limits, a restart, a cluster that has lost a member.</summary>
    private static readonly FrozenSet<int> Transient = FrozenSet.ToFrozenSet(
    [
        159, // TIMEOUT_EXCEEDED
        160, // TOO_SLOW
        202, // TOO_MANY_SIMULTANEOUS_QUERIES
        203, // NO_FREE_CONNECTION
        209, // SOCKET_TIMEOUT
        210, // NETWORK_ERROR
        216, // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
        225, // NO_ZOOKEEPER
        236, // ABORTED
        241, // MEMORY_LIMIT_EXCEEDED
        242, // TABLE_IS_READ_ONLY
        243, // NOT_ENOUGH_SPACE
        252, // TOO_MANY_PARTS
        279, // ALL_CONNECTION_TRIES_FAILED
        285, // TOO_FEW_LIVE_REPLICAS
        286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
        319, // UNKNOWN_STATUS_OF_INSERT
        394, // QUERY_WAS_CANCELLED
        425, // SYSTEM_ERROR
        439, // CANNOT_SCHEDULE_TASK
        473, // DEADLOCK_AVOIDED
        499, // S3_ERROR
        574, // DISTRIBUTED_TOO_MANY_PENDING_BYTES
        745, // SERVER_OVERLOADED
        999, // KEEPER_EXCEPTION
    ]);

    internal static ClickHouseException FromServer(string text, int headerCode, int httpStatus)
    {
        var match = CodePattern().Match(text);
        var code = headerCode != 0 ? headerCode : match.Success ? int.Parse(match.Groups["code"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        var name = code == 0 ? "HTTP" : NameOf(text);
        var transient = code == 0 ? httpStatus is 408 or 429 or 502 or 503 or 504 : Transient.Contains(code);
        var message = text.Length == 0 ? $"ClickHouse answered {httpStatus}." : text.Trim();
        return new ClickHouseException(message, code, name, transient, code is 159 or 160 or 209, mayStillRun: code is 209 or 210 or 319);
    }

    /// <summary>An error that came after a status line of 200. What became of the statement is not sure: it may not be the server that says so.</summary>
    internal static ClickHouseException Late(string text)
    {
        var error = FromServer(text, 0, 200);
        return new ClickHouseException(error.Message, error.Code, error.Name, isTransient: true, error.IsTimeout, mayStillRun: true);
    }

    internal static ClickHouseException FromConnection(HttpRequestException e)
    {
        // A request that never got a connection was never seen by a server.
        var neverSent = e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
        return neverSent
            ? new ClickHouseException("ClickHouse cannot be reached: " + e.Message, 0, "CONNECTION", isTransient: true, isTimeout: false, mayStillRun: false, e)
            : Cut(e);
    }

    internal static ClickHouseException Cut(Exception e) =>
        new("The connection to ClickHouse broke off before the answer was whole: " + e.Message, 0, "CUT_STREAM", isTransient: true, isTimeout: false, mayStillRun: true, e);

    internal static ClickHouseException Hang(TimeSpan limit) =>
        new($"ClickHouse gave no sign of life within {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.", 0, "HANG", isTransient: true, isTimeout: true, mayStillRun: true);

    internal static ClickHouseException Timeout(TimeSpan limit, Exception e) =>
        new($"ClickHouse did not answer within {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.", 0, "TIMEOUT", isTransient: true, isTimeout: true, mayStillRun: true, e);

    internal static ClickHouseException Malformed(string what) =>
        new("The answer of ClickHouse cannot be read: " + what, 0, "MALFORMED", isTransient: false, isTimeout: false, mayStillRun: false);

    internal static ClickHouseException Unproven(string what) =>
        new("The answer of ClickHouse does not prove that the statement was done: " + what, 0, "UNPROVEN", isTransient: true, isTimeout: false, mayStillRun: true);

    private static string NameOf(string text)
    {
        var name = "UNKNOWN";
        foreach (var match in NamePattern().EnumerateMatches(text))
        {
            name = text.Substring(match.Index + 1, match.Length - 2);
        }

        return name;
    }

    [GeneratedRegex(@"Code: (?<code>[0-9]{1,6})\.", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodePattern();

    [GeneratedRegex(@"\([A-Z][A-Z0-9_]{2,}\)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}

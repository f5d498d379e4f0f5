using System.Data.Common;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>Time-outs of the log's connections, where the connection string does not set them.</summary>
/// <remarks>
/// The driver cancels a late statement over a new connection. A frozen server accepts that connection and does not answer, so a statement ends only after its own
/// time-out and twice that of connecting (once with TLS, once without): with the driver's defaults after a minute.
/// </remarks>
internal static class ConnectionLimits
{
    private const int ConnectSeconds = 4;
    private const int CommandSeconds = 15;

    /// <summary>The connection string with a time-out of 4 s for connecting and 15 s for a command, each unless it is set there.</summary>
    public static NpgsqlConnectionStringBuilder Apply(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        parts.Timeout = given.ContainsKey("Timeout") ? parts.Timeout : ConnectSeconds;
        parts.CommandTimeout = given.ContainsKey("Command Timeout") || given.ContainsKey("CommandTimeout") ? parts.CommandTimeout : CommandSeconds;
        return parts;
    }
}

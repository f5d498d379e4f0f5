using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.Postgres;

/// <summary>Log lines about the embedded PostgreSQL.</summary>
internal static partial class PostgresLog
{
    [LoggerMessage(EventId = 4010, Level = LogLevel.Information, Message = "Creating a PostgreSQL cluster in {Cluster}")]
    public static partial void Initializing(ILogger logger, string cluster);

    [LoggerMessage(EventId = 4011, Level = LogLevel.Warning, Message = "The user {User}, who runs PostgreSQL, may not enter {ClosedFolder}: the cluster is in {Cluster}, and {Link} is a link to it")]
    public static partial void ClusterElsewhere(ILogger logger, string user, string closedFolder, string cluster, string link);

    [LoggerMessage(EventId = 4012, Level = LogLevel.Warning, Message = "Ended the PostgreSQL processes {ProcessIds}, which an earlier host had left running on {Cluster}")]
    public static partial void LeftoverEnded(ILogger logger, string processIds, string cluster);

    [LoggerMessage(EventId = 4013, Level = LogLevel.Warning, Message = "PostgreSQL did not stop within {Seconds} s and is stopped immediately; it recovers at its next start")]
    public static partial void StopTakesLong(ILogger logger, double seconds);

    [LoggerMessage(EventId = 4014, Message = "PostgreSQL: {Line}")]
    public static partial void ServerSaid(ILogger logger, LogLevel level, string line);
}

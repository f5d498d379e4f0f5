using Microsoft.Extensions.Logging;

namespace Bxb.Ingestion;

/// <summary>Log lines of intake. They are Debug, because there is one for each request; operators use the metrics.</summary>
internal static partial class IngestionLog
{
    [LoggerMessage(5000, LogLevel.Debug, "Organization {Organization}: {Recorded} events recorded, {Duplicates} duplicates, {Conflicts} conflicts, {Rejected} rejected, up to position {Position}.")]
    public static partial void Took(ILogger logger, int organization, int recorded, int duplicates, int conflicts, int rejected, long position);

    [LoggerMessage(5001, LogLevel.Debug, "Organization {Organization}: a request was refused, {Code}: {Detail}")]
    public static partial void Refused(ILogger logger, int organization, string code, string detail);
}

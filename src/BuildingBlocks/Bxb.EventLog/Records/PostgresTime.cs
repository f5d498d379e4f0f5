namespace Bxb.EventLog.Records;

/// <summary>Times in PostgreSQL's binary format: microseconds since 2000-01-01T00:00:00Z.</summary>
internal static class PostgresTime
{
    private const long EpochMilliseconds = 946_684_800_000;

    /// <summary>Converts milliseconds since the Unix epoch.</summary>
    public static long ToMicroseconds(long unixMilliseconds) => (unixMilliseconds - EpochMilliseconds) * 1000;

    /// <summary>Converts whole milliseconds to milliseconds since the Unix epoch.</summary>
    public static long ToUnixMilliseconds(long microseconds) => (microseconds / 1000) + EpochMilliseconds;
}

using System.ComponentModel.DataAnnotations;

namespace Bxb.Analytics.Queries;

/// <summary>Limits of usage queries, section <c>Bxb:Usage</c>.</summary>
public sealed class UsageQueryOptions
{
    /// <summary>Maximum number of rows of an answer, including groups whose events were all skipped. Default 100,000; 1 to 1,000,000. A larger answer is 422 <c>answer_too_large</c>.</summary>
    [Range(1, 1_000_000)]
    public int MaxRows { get; set; } = 100_000;

    /// <summary>Maximum memory for the customers and group texts of an answer, in bytes. Default 64 MiB; 64 KiB to 1 GiB.</summary>
    [Range(64 * 1024, 1024L * 1024 * 1024)]
    public long MaxAnswerBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Maximum number of minute or hour windows in a query. Default 50,000; 1 to 1,000,000. For days and months it is always 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWindows { get; set; } = 50_000;

    /// <summary>Time limit of a query in a store. Default 30 s; 100 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = "must be from 00:00:00.1 to 00:10:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Maximum memory of ClickHouse for a query, in bytes. Default 512 MiB; 16 MiB to 1 TiB.</summary>
    [Range(16L * 1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long MaxQueryMemoryBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>
    /// Maximum wait of <c>store=auto</c> for ClickHouse to cover <c>min_position</c>; then PostgreSQL answers. Default 1 s; 0 to 30 s. Limited to half of the request's
    /// timeout.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30", ErrorMessage = "must be from 00:00:00 to 00:00:30")]
    public TimeSpan AutoWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time without a sign of life after which ClickHouse counts as hanging. Default 2 s; 200 ms to 30 s. After half of this time without an answer the host sends a ping beside the query, and
    /// the query continues as long as pings are answered. When ClickHouse hangs, PostgreSQL answers <c>store=auto</c>, and <c>store=clickhouse</c> is 503.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:00:30", ErrorMessage = "must be from 00:00:00.2 to 00:00:30")]
    public TimeSpan HangTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Interval of the probes while ClickHouse is away. Default 1 s; 0 to 1 min. Until a probe is answered, PostgreSQL answers <c>store=auto</c> at once. With 0 there are no probes and each
    /// query tries ClickHouse.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ErrorMessage = "must be from 00:00:00 to 00:01:00")]
    public TimeSpan AwayFor { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Maximum size of the body of <c>POST /v1/usage/query</c>, in bytes. Default 256 KiB; 1 KiB to 16 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 256 * 1024;
}

using System.ComponentModel.DataAnnotations;

namespace Bxb.Analytics.Queries;

/// <summary>The section <c>Bxb:Usage</c>: limits of usage queries.</summary>
public sealed class UsageQueryOptions
{
    /// <summary>The most rows of one answer; more are 422 <c>answer_too_large</c>. Groups in which every event was skipped count too. Default 100,000; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxRows { get; set; } = 100_000;

    /// <summary>The most memory, in bytes, that customers and group texts of one answer may take. Default 64 MiB; 64 KiB to 1 GiB.</summary>
    [Range(64 * 1024, 1024L * 1024 * 1024)]
    public long MaxAnswerBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The most minutes or hours that a query by these windows may span. Default 50,000; 1 to 1,000,000. Days and months: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxWindows { get; set; } = 50_000;

    /// <summary>How long a store may work on one query. Default 30 s; 100 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ErrorMessage = "must be from 00:00:00.1 to 00:10:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most memory, in bytes, that ClickHouse may take for one query. Default 512 MiB; 16 MiB to 1 TiB.</summary>
    [Range(16L * 1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long MaxQueryMemoryBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>
    /// How long <c>store=auto</c> waits for ClickHouse to reach a <c>min_position</c> before it asks PostgreSQL; never more than half of the caller's timeout. Default 1 s;
    /// 0 to 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30", ErrorMessage = "must be from 00:00:00 to 00:00:30")]
    public TimeSpan AutoWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long ClickHouse may leave a query without an answer and give no sign of life; after half of that it is asked for one, beside the query, which goes on as long as there is one. Without one
    /// <c>store=auto</c> is answered by PostgreSQL, <c>store=clickhouse</c> is 503. Default 2 s; 200 ms to 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:00:30", ErrorMessage = "must be from 00:00:00.2 to 00:00:30")]
    public TimeSpan HangTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often ClickHouse is probed after it was found away, with a query of the host's own; until it answers, <c>store=auto</c> asks PostgreSQL at once. Default 1 s; 0 to 1 min; 0: each
    /// query finds out by itself.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ErrorMessage = "must be from 00:00:00 to 00:01:00")]
    public TimeSpan AwayFor { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The largest body of <c>POST /v1/usage/query</c>, in bytes. Default 256 KiB; 1 KiB to 16 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 256 * 1024;
}

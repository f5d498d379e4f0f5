using System.ComponentModel.DataAnnotations;

namespace Bxb.ClickHouse;

/// <summary>Where the ClickHouse server is and how long it may take.</summary>
public sealed class ClickHouseOptions
{
    /// <summary>
    /// The server's HTTP address, <c>http://user:password@host:8123/prefix/?database=name</c>: credentials in the user information (percent-encoded where needed;
    /// none: the user <c>default</c> without a password), the prefix that a proxy needs in the path (it ends with a slash), the database in the query (none: the user's
    /// default database). Nothing else may stand in it. Required.
    /// </summary>
    [Required]
    public Uri? Url { get; set; }

    /// <summary>How long a query may take from sending it to its last row; the server is told the same limit. Default 30 s, 100 ms to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an insert, or a statement without a result, may take. Default 60 s, 100 ms to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan InsertTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long making a connection may take, within the two limits above. Default 5 s, 100 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections at once; further requests wait for one within their time limit. Default 16, 1 to 1,000.</summary>
    [Range(1, 1000)]
    public int MaxConnections { get; set; } = 16;
}

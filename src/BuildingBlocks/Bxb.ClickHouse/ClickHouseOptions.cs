using System.ComponentModel.DataAnnotations;

namespace Bxb.ClickHouse;

/// <summary>The address of the ClickHouse server, and limits of its use.</summary>
public sealed class ClickHouseOptions
{
    /// <summary>
    /// The HTTP address of the server, <c>http://user:password@host:8123/prefix/?database=name</c>: credentials in the user information (percent-encoded where needed;
    /// none: the user <c>default</c> without a password), the prefix that a proxy needs in the path (it ends with a slash), the database in the query (none: the user's
    /// default database). Other parameters are refused. Null: no ClickHouse.
    /// </summary>
    public Uri? Url { get; set; }

    /// <summary>Time limit of a query up to its last row, on this host and on the server. Default 30 s; 100 ms to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time limit of an insert and of a statement without a result. Default 60 s; 100 ms to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan InsertTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time limit of connecting, within the two limits above. Default 5 s; 100 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Maximum number of connections. Further requests wait for one within their time limit. Default 16; 1 to 1,000.</summary>
    [Range(1, 1000)]
    public int MaxConnections { get; set; } = 16;
}

using System.Net.Http.Headers;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Builds the HTTP requests of statements.</summary>
/// <remarks>
/// Settings are in the URL. The text of a query is the body and its parameters are in the URL, <c>param_name=</c>; if they are long, text and parameters are fields of a form
/// (multipart/form-data), because URLs are limited. The text of an insert is in the URL and its rows are the body.
/// </remarks>
internal sealed class StatementRequest
{
    /// <summary>Maximum length of parameters in the URL, in characters; servers accept 8 KiB at least.</summary>
    private const int MaxInUrl = 4096;

    private readonly ClickHouseAddress _server;
    private readonly string _database;

    internal StatementRequest(ClickHouseAddress server)
    {
        _server = server;
        _database = server.Database is { } database ? "database=" + Uri.EscapeDataString(database) + "&" : "";
    }

    internal string? Database => _server.Database;

    internal HttpRequestMessage Query(ClickHouseStatement statement, string sql, TimeSpan? serverLimit)
    {
        var url = Url(statement, withDatabase: true);
        if (serverLimit is { } limit)
        {
            url.Append("&max_execution_time=").Append(Math.Max(1, (long)Math.Ceiling(limit.TotalSeconds)));
        }

        return WithText(statement, sql, url);
    }

    /// <summary>A statement whose answer is empty, also if the statement has a result.</summary>
    internal HttpRequestMessage Command(ClickHouseStatement statement, string sql, bool withDatabase = true) =>
        WithText(statement, sql, Url(statement, withDatabase).Append("&default_format=Null"));

    private HttpRequestMessage WithText(ClickHouseStatement statement, string sql, StringBuilder url)
    {
        var parameters = new StringBuilder();
        AppendParameters(parameters, statement);
        if (parameters.Length <= MaxInUrl)
        {
            return Request(statement, url.Append(parameters), new StringContent(sql, Encoding.UTF8, "text/plain"));
        }

        var form = new MultipartFormDataContent { { Field(sql), "query" } };
        foreach (var (name, value) in statement.Parameters)
        {
            form.Add(Field(value), "param_" + name);
        }

        return Request(statement, url, form);
    }

    internal HttpRequestMessage Insert(ClickHouseStatement statement, string sql, ReadOnlyMemory<byte> rows)
    {
        var url = Url(statement, withDatabase: true);
        url.Append("&query=").Append(Uri.EscapeDataString(sql));
        AppendParameters(url, statement);
        var body = new ReadOnlyMemoryContent(rows);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return Request(statement, url, body);
    }

    /// <summary>A request to a path below the address, such as <c>/bxb/sync</c>.</summary>
    internal HttpRequestMessage Plain(HttpMethod method, string path) => new(method, new Uri(_server.Root, "." + path)) { Headers = { Authorization = _server.Credentials } };

    private HttpRequestMessage Request(ClickHouseStatement statement, StringBuilder url, HttpContent body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Root, url.ToString())) { Content = body, Headers = { Authorization = _server.Credentials } };
        if (statement.OnlyInstance is { } instance)
        {
            request.Headers.Add("X-Bxb-Instance", instance);
        }

        return request;
    }

    private StringBuilder Url(ClickHouseStatement statement, bool withDatabase)
    {
        var url = new StringBuilder("?", 1024).Append(withDatabase ? _database : "").Append("wait_end_of_query=0");
        if (statement.QueryId is { } id)
        {
            url.Append("&query_id=").Append(Uri.EscapeDataString(id));
        }

        foreach (var (name, value) in statement.Settings)
        {
            url.Append('&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }

        return url;
    }

    private static void AppendParameters(StringBuilder url, ClickHouseStatement statement)
    {
        foreach (var (name, value) in statement.Parameters)
        {
            url.Append("&param_").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }
    }

    private static ByteArrayContent Field(string value) => new(Encoding.UTF8.GetBytes(value));
}

using System.Net.Http.Headers;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>The HTTP address of a server, read from a URL of the form <c>http://user:password@host:8123/prefix/?database=name</c>.</summary>
public sealed class ClickHouseAddress
{
    private const string Form = "http://user:password@host:8123/?database=name";

    private ClickHouseAddress(Uri url, string? database)
    {
        Root = new UriBuilder(url) { UserName = "", Password = "", Query = "" }.Uri;
        Database = database;
        if (url.UserInfo.Length > 0)
        {
            var user = url.UserInfo.Split(':', 2);
            var text = Uri.UnescapeDataString(user[0]) + ":" + (user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "");
            Credentials = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
        }
    }

    /// <summary>The URL of requests, without credentials and query. Its path ends with a slash.</summary>
    internal Uri Root { get; }

    internal string? Database { get; }

    /// <summary>The user information of the URL; null if there is none.</summary>
    internal AuthenticationHeaderValue? Credentials { get; }

    /// <summary>Returns the fault of a URL, to follow the name of its setting; null if the URL is usable. The text contains no part of the URL, which can contain a password.</summary>
    public static string? Fault(string url) => Read(url, out _);

    /// <summary>Reads a URL.</summary>
    /// <exception cref="ArgumentException">The URL is not usable. The message contains no part of it.</exception>
    internal static ClickHouseAddress Parse(Uri? url) =>
        Read(url?.OriginalString ?? "", out var address) is { } fault ? throw new ArgumentException($"The ClickHouse URL {fault}", nameof(url)) : address!;

    private static string? Read(string text, out ClickHouseAddress? address)
    {
        address = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || !IsHttp(text) || url.Host.Length == 0 || url.AbsolutePath.Contains('@', StringComparison.Ordinal))
        {
            return $"must be an address of the form {Form}; in user and password every character but letters and digits is written as %, followed by its code.";
        }

        if (url.Fragment.Length > 0)
        {
            return "must end with the path or with ?database=name; a # in user or password is written %23.";
        }

        if (!url.AbsolutePath.EndsWith('/'))
        {
            return "must have a path that ends with /, such as the prefix of a proxy: http://proxy/clickhouse/. A database is written http://host:8123/?database=name.";
        }

        if (!TryReadDatabase(url.Query, out var database))
        {
            return "must have no query but ?database= with a name, once.";
        }

        address = new ClickHouseAddress(url, database);
        return null;
    }

    private static bool IsHttp(string text)
        => text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static bool TryReadDatabase(string query, out string? database)
    {
        const string Parameter = "?database=";
        database = query.StartsWith(Parameter, StringComparison.Ordinal) ? Uri.UnescapeDataString(query[Parameter.Length..]) : null;
        return query.Length <= 1 || (database is { Length: > 0 } && !query.Contains('&', StringComparison.Ordinal));
    }
}

using System.Net.Http.Headers;
using System.Text;
using Bxb.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Testing;

/// <summary>The real ClickHouse engine for a test process, started when the first test asks, with an empty database for whoever asks.</summary>
public static class TestClickHouse
{
    /// <summary>Names the URL of a server (with user and password) to use instead of an embedded engine.</summary>
    public const string Variable = "BXB_TEST_CLICKHOUSE";

    private static readonly Lazy<Task<Uri>> Server = new(StartAsync);
    private static readonly HttpClient Http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = false });
    private static int _databases;

    /// <summary>Creates an empty database and returns <c>http://user:password@127.0.0.1:port/?database=NAME</c>.</summary>
    public static async Task<Uri> CreateDatabaseAsync()
    {
        var server = await Server.Value;
        var name = $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {name}");
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new UriBuilder(server) { Query = $"database={name}" }.Uri;
    }

    /// <summary>Runs one statement and returns its rows as tab-separated text.</summary>
    /// <exception cref="HttpRequestException">The engine refused it; the message is what it said.</exception>
    public static async Task<string> ExecuteAsync(Uri database, string sql)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, database) { Content = new StringContent(sql) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(database.UserInfo))));
        using var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? text : throw new HttpRequestException(text, inner: null, answer.StatusCode);
    }

    private static async Task<Uri> StartAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return new Uri(given);
        }

        var options = new EmbeddedClickHouseOptions { DataDirectory = await TestDirectories.CreateAsync("clickhouse") };
        var engine = await EmbeddedClickHouse.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        AtProcessExit.Stop(engine);
        return engine.Url;
    }
}

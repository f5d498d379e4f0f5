using Bxb.Embedded;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.EndToEnd.Tests.Outages;

/// <summary>A PostgreSQL of its own and a host on it: the server can be made read-only, stopped, and frozen.</summary>
public sealed class OutageServer : IAsyncLifetime
{
    internal const string AdminToken = "admin-token-of-the-tests";
    private readonly TemporaryDirectory _directory = new();
    private EmbeddedPostgresOptions _options = null!;
    private EmbeddedPostgres _postgres = null!;

    internal HostProcess Host { get; private set; } = null!;

    internal string ConnectionString => _postgres.ConnectionString;

    public async Task InitializeAsync()
    {
        _options = new EmbeddedPostgresOptions { DataDirectory = await TestDirectories.CreateAsync("outage"), SharedBuffersBytes = 64L << 20 };
        await StartPostgresAsync();
        Host = await StartHostAsync();
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await _postgres.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Another host on the same server; the caller's.</summary>
    internal async Task<HostProcess> StartHostAsync() => await HostProcess.StartAsync(
        _directory.Path, $"--Bxb:Postgres:ConnectionString={_postgres.ConnectionString}", $"--Bxb:ClickHouse:Url={await TestClickHouse.CreateDatabaseAsync()}", $"--Bxb:AdminToken={AdminToken}",
        "--Bxb:Bootstrap:Organization=acme", "--Bxb:Bootstrap:ApiKey=bxb_a-key-from-the-settings", "--Bxb:Management:KeyRefreshAfter=00:00:04", "--Bxb:Management:KeyExpiresAfter=00:00:05");

    internal Task StopPostgresAsync() => _postgres.DisposeAsync().AsTask();

    internal async Task StartPostgresAsync() => _postgres = await EmbeddedPostgres.StartAsync(_options, NullLoggerFactory.Instance, CancellationToken.None);

    /// <summary>SIGSTOP to the server and every process of it: connections are taken by the kernel, and nothing answers.</summary>
    internal IReadOnlyList<int> Freeze()
    {
        var server = _postgres.ProcessId!.Value;
        IReadOnlyList<int> processes = [server, .. ProcessTree.Descendants(server, "")];
        foreach (var process in processes)
        {
            Signals.Send(process, Signals.Stop);
        }

        return processes;
    }

    internal static void Thaw(IReadOnlyList<int> processes)
    {
        foreach (var process in processes)
        {
            Signals.Send(process, Signals.Continue);
        }
    }

    internal async Task SetReadOnlyAsync(bool on)
    {
        // A role's own setting does not hold for sessions that are open; the server's does, at the next statement.
        await using var admin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = "postgres", Pooling = false });
        foreach (var sql in new[] { $"alter system set default_transaction_read_only = {(on ? "on" : "off")}", "select pg_reload_conf()" })
        {
            await using var command = admin.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Returns once <c>/health/ready</c> answers so.</summary>
    internal async Task ReadyIsAsync(int status, string word)
    {
        var seen = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await Host.Client.GetAsync("/health/ready");
                seen = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                seen.ShouldNotContain("127.0.0.1");
                seen.ShouldNotContain("Exception");
                return seen.StartsWith($"{status} ", StringComparison.Ordinal) && seen.Contains($"\"status\":\"{word}\"", StringComparison.Ordinal);
            },
            () => $"Ready is {status} {word} (it is {seen}; {Host.Output})",
            TimeSpan.FromMinutes(2));
    }
}

/// <summary>The tests share the server and put it back as it was.</summary>
[CollectionDefinition(Name)]
public sealed class OutageCollection : ICollectionFixture<OutageServer>
{
    public const string Name = "outages";
}

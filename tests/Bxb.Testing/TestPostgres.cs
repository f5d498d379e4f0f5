using Bxb.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Testing;

/// <summary>A real PostgreSQL for a test process, started when the first test asks, with an empty database for whoever asks.</summary>
public static class TestPostgres
{
    /// <summary>Names an administrator's connection string of a server to use instead of an embedded one.</summary>
    public const string Variable = "BXB_TEST_POSTGRES";

    private static readonly Lazy<Task<string>> Server = new(StartAsync);
    private static int _databases;

    /// <summary>Creates an empty database and returns its connection string.</summary>
    public static async Task<string> CreateDatabaseAsync()
    {
        var server = await Server.Value;
        var name = $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using (var drop = new NpgsqlCommand($"drop database if exists {name} with (force)", connection))
        {
            await drop.ExecuteNonQueryAsync();
        }

        await using (var create = new NpgsqlCommand($"create database {name}", connection))
        {
            await create.ExecuteNonQueryAsync();
        }

        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    private static async Task<string> StartAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return given;
        }

        var options = new EmbeddedPostgresOptions { DataDirectory = await TestDirectories.CreateAsync("postgres"), MaxConnections = 300, SharedBuffersBytes = 64L << 20 };
        var server = await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        AtProcessExit.Stop(server);
        return new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "postgres", IncludeErrorDetail = true }.ConnectionString;
    }
}

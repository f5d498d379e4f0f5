using System.Globalization;
using Bxb.Embedded;
using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.LogBench;

/// <summary>A log on an embedded PostgreSQL with everything running that a host runs for it. Owns both, and removes the data at the end.</summary>
internal sealed class LogHost(EmbeddedPostgres server, IHost host, string directory) : IAsyncDisposable
{
    /// <summary>The log's services.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>Starts on an empty log.</summary>
    public static async Task<LogHost> StartAsync(string directory, CancellationToken cancellationToken)
    {
        await EmbeddedPostgres.RemoveAsync(directory, cancellationToken);
        var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = directory }, NullLoggerFactory.Instance, cancellationToken);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddEventLog(log => log.ConnectionString = server.ConnectionString);
        var host = builder.Build();
        await host.Services.MigrateSqlAsync(cancellationToken);
        await host.StartAsync(cancellationToken);
        return new LogHost(server, host, directory);
    }

    /// <summary>CPU seconds of this process and of the server's processes so far (Linux).</summary>
    public (double Own, double Server) CpuSeconds()
    {
        const double TicksPerSecond = 100;
        var id = server.ProcessId!.Value;
        var ticks = 0L;
        foreach (var folder in Directory.GetDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            try
            {
                // Behind the name: state, parent, ...; user, system, and the same of children that have ended.
#pragma warning disable MA0045 // The kernel makes the text; there is no disk to wait for.
                var fields = File.ReadAllText(Path.Combine(folder, "stat")).Split(") ")[^1].Split(' ');
#pragma warning restore MA0045
                if (fields[1] == id.ToString(CultureInfo.InvariantCulture) || Path.GetFileName(folder) == id.ToString(CultureInfo.InvariantCulture))
                {
                    ticks += fields[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture));
                }
            }
            catch (IOException)
            {
                // The process has ended meanwhile.
                continue;
            }
        }

        return (Environment.CpuUsage.TotalTime.TotalSeconds, ticks / TicksPerSecond);
    }

    /// <summary>Runs a statement and returns its first value.</summary>
    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await server.DisposeAsync();
        await EmbeddedPostgres.RemoveAsync(directory, CancellationToken.None);
    }
}

using System.Text;
using System.Text.Json;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.EventLog.Schema;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.EventLog.Tests;

/// <summary>A log on a database of its own, with everything running that a host runs.</summary>
internal sealed class LogFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly List<IHostedService> _hosted;

    private LogFixture(ServiceProvider services, string connectionString)
    {
        _services = services;
        _hosted = services.GetServices<IHostedService>().ToList();
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource => _services.GetRequiredService<NpgsqlDataSource>();

    public EventLogAppender Appender => _services.GetRequiredService<EventLogAppender>();

    public SettledPosition Settled => _services.GetRequiredService<SettledPosition>();

    public ServerWatch Watch => _services.GetRequiredService<ServerWatch>();

    public EventLogReader Reader => _services.GetRequiredService<EventLogReader>();

    public EventLogConnections Connections => _services.GetRequiredService<EventLogConnections>();

    public PartitionMaker Partitions => _services.GetRequiredService<PartitionMaker>();

    public EventLogQueries Queries => _services.GetRequiredService<EventLogQueries>();

    public static async Task<LogFixture> StartAsync(Action<EventLogOptions>? configure = null, string? connectionString = null, bool start = true, ILoggerProvider? loggers = null)
    {
        connectionString ??= await TestPostgres.CreateDatabaseAsync();
        var services = new ServiceCollection();
        services.AddLogging(l =>
        {
            if (loggers is not null)
            {
                l.AddProvider(loggers);
            }
        });
        services.AddEventLog(o =>
        {
            o.ConnectionString = connectionString;
            configure?.Invoke(o);
        });
        var log = new LogFixture(services.BuildServiceProvider(), connectionString);
        await log._services.MigrateSqlAsync(CancellationToken.None);
        if (start)
        {
            await log.StartHostedAsync();
        }

        return log;
    }

    public async Task StartHostedAsync()
    {
        foreach (var service in _hosted)
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    public async Task StopAsync()
    {
        foreach (var service in Enumerable.Reverse(_hosted))
        {
            await service.StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
    }

    public static void Add(
        AppendBlock block, string transactionId, string properties = "{}", string customer = "c-1", string code = "api_calls", string source = "", long? timestamp = 1_700_000_000_123)
    {
        var e = new PendingEvent
        {
            Source = block.Append(Encoding.UTF8.GetBytes(source)),
            TransactionId = block.Append(Encoding.UTF8.GetBytes(transactionId)),
            ExternalCustomerId = block.Append(Encoding.UTF8.GetBytes(customer)),
            Code = block.Append(Encoding.UTF8.GetBytes(code)),
            TimestampMilliseconds = timestamp ?? 1_800_000_000_000,
            TimestampGiven = timestamp is not null,
            Kind = EventKind.Recorded,
        };
        var faults = new PropertyFaults();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(properties));
        reader.Read();
        e.Properties = CanonicalProperties.Write(ref reader, block, new PropertyLimits(), faults);
        faults.Count.ShouldBe(0);
        e.Digest = EventDigest.Compute(block, in e);
        block.Add(in e);
    }

    public async Task<(AppendOutcome Outcome, long Position)[]> AppendAsync(int organization, params string[] transactionIds)
    {
        using var block = AppendBlock.Rent(organization);
        foreach (var id in transactionIds)
        {
            Add(block, id);
        }

        return await AppendAsync(block);
    }

    public async Task<(AppendOutcome Outcome, long Position)[]> AppendAsync(AppendBlock block)
    {
        await Appender.AppendAsync(block, CancellationToken.None);
        return block.Events.ToArray().Select(e => (e.Outcome, e.Position)).ToArray();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }
}

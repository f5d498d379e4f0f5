using Bxb.Analytics.Queries;
using Bxb.EventLog;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.EventLog.Schema;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>An event log in a new database of a real PostgreSQL, filled in the same way as by ingestion.</summary>
internal sealed class TestLog : IAsyncDisposable
{
    private readonly ServiceProvider _provider;

    private TestLog(ServiceProvider provider) => _provider = provider;

    public IServiceProvider Services => _provider;

    public static async Task<TestLog> StartAsync()
    {
        var connection = await TestPostgres.CreateDatabaseAsync();
        var services = new ServiceCollection();
        services.AddEventLog(o => o.ConnectionString = connection);
        services.AddSqlMigrations(typeof(UsageQueryOptions).Assembly, "analytics", "Queries/PostgresSchema");
        var log = new TestLog(services.BuildServiceProvider());
        await log.Services.MigrateSqlAsync(CancellationToken.None);
        foreach (var service in log.Services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }

        return log;
    }

    /// <summary>Appends the events, in order, as one request does.</summary>
    public async Task AppendAsync(int organizationId, IEnumerable<CaseEvent> events)
    {
        using var block = EventBlocks.Of(organizationId, events);
        if (block.Count > 0)
        {
            await _provider.GetRequiredService<EventLogAppender>().AppendAsync(block, CancellationToken.None);
        }
    }

    /// <summary>Reads the whole log.</summary>
    public async Task<EventRecords> ReadAllAsync()
    {
        var settled = await _provider.GetRequiredService<SettledPosition>().RefreshAsync(CancellationToken.None);
        var records = EventRecords.Rent();
        var reader = _provider.GetRequiredService<EventLogReader>();
        while (await reader.ReadAsync(records.LastPosition, settled, 10_000, 64 * 1024 * 1024, records, CancellationToken.None) > 0)
        {
            // Until the log is read completely.
        }

        return records;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _provider.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        await _provider.DisposeAsync();
    }
}

using Bxb.Analytics.Loading;
using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.Analytics.Queries.PostgresStore;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Both stores over the same log.</summary>
internal sealed class UsageStores : IAsyncDisposable
{
    public static readonly UsageQueryOptions Options = new();

    private readonly UsageLoader _loader;

    private UsageStores(TestLog log, ClickHouseClient client, UsageLoader loader)
    {
        (Log, Client, _loader) = (log, client, loader);
        ClickHouse = new ClickHouseRunner(client, Options);
    }

    public TestLog Log { get; }

    public ClickHouseClient Client { get; }

    public ClickHouseRunner ClickHouse { get; }

    public static async Task<UsageStores> StartAsync()
    {
        var log = await TestLog.StartAsync();
        var client = new ClickHouseClient(new ClickHouseOptions { Url = await TestClickHouse.CreateDatabaseAsync() });
        var loader = new UsageLoader(client, new LoaderTerms(client, new AnalyticsSchema(client, new ClickHouseMigrator(client, NullLogger<ClickHouseMigrator>.Instance))), Microsoft.Extensions.Options.Options.Create(new AnalyticsOptions()), NullLogger<UsageLoader>.Instance);
        return new UsageStores(log, client, loader);
    }

    /// <summary>Brings everything that is in the log into ClickHouse, through the loader, in batches of a few sizes.</summary>
    public async Task LoadAsync(int batch)
    {
        await _loader.TakeOverAsync(new PartitionProgress(null, 0, 0), CancellationToken.None);
        using var records = await Log.ReadAllAsync();
        for (var at = 0; at < records.Count; at += batch)
        {
            await _loader.LoadAsync(new EventBatch(LoadingRegistration.Group, records, at, Math.Min(batch, records.Count - at)), CancellationToken.None);
        }
    }

    /// <summary>The answer of one store.</summary>
    public Task<UsageRows> AskAsync(string store, UsageQuery query, UsageQueryOptions? options = null) => store == "clickhouse"
        ? new ClickHouseRunner(Client, options ?? Options).RunAsync(query, CancellationToken.None)
        : new PostgresRunner(Log.Services.GetRequiredService<NpgsqlDataSource>(), options ?? Options).RunAsync(query, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _loader.Dispose();
        Client.Dispose();
        await Log.DisposeAsync();
    }
}

/// <summary>Both stores with the events of every case.</summary>
public sealed class CaseStores : IAsyncLifetime
{
    internal UsageStores Stores { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Stores = await UsageStores.StartAsync();
        for (var i = 0; i < UsageCases.All.Length; i++)
        {
            await Stores.Log.AppendAsync(i + 1, UsageCases.All[i].Events);
        }

        await Stores.LoadAsync(batch: 173);
    }

    public async Task DisposeAsync() => await Stores.DisposeAsync();
}

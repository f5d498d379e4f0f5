using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.Analytics.Queries.PostgresStore;
using Bxb.Analytics.Tests.Loading;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Both stores over the same log.</summary>
internal sealed class UsageStores : IAsyncDisposable
{
    public static readonly UsageQueryOptions Options = new();

    private readonly LoaderUnderTest _host;

    private UsageStores(TestLog log, LoaderUnderTest host)
    {
        (Log, _host) = (log, host);
        ClickHouse = new ClickHouseRunner(host.Client, Options);
    }

    public TestLog Log { get; }

    public ClickHouseClient Client => _host.Client;

    public ClickHouseRunner ClickHouse { get; }

    public static async Task<UsageStores> StartAsync()
    {
        var log = await TestLog.StartAsync();
        return new UsageStores(log, new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync()));
    }

    /// <summary>Loads the whole log into ClickHouse through the loader.</summary>
    public async Task LoadAsync(int batch)
    {
        await _host.TakeOverAsync();
        using var records = await Log.ReadAllAsync();
        for (var at = 0; at < records.Count; at += batch)
        {
            await _host.Loader.LoadAsync(new EventBatch(LoadPartition.ConsumerGroup, records, at, Math.Min(batch, records.Count - at)), CancellationToken.None);
        }
    }

    /// <summary>Returns the answer of one store.</summary>
    public Task<UsageRowCollector> AskAsync(string store, UsageQuery query, UsageQueryOptions? options = null) => store == "clickhouse"
        ? new ClickHouseRunner(Client, options ?? Options).RunAsync(query, CancellationToken.None)
        : new PostgresRunner(Log.Services.GetRequiredService<NpgsqlDataSource>(), options ?? Options).RunAsync(query, long.MaxValue, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _host.Dispose();
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
        for (var i = 0; i < AllUsageCases.All.Length; i++)
        {
            await Stores.Log.AppendAsync(i + 1, AllUsageCases.All[i].Events);
        }

        await Stores.LoadAsync(batch: 173);
    }

    public async Task DisposeAsync() => await Stores.DisposeAsync();
}

using System.Diagnostics.Metrics;
using Bxb.Analytics.Loading;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Inserts;
using Bxb.Analytics.Loading.Rows;
using Bxb.Analytics.Rebuild;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Riders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>The loader of a host, on a database of the real engine.</summary>
internal sealed class LoaderUnderTest : IDisposable
{
    /// <summary>The <see cref="AnalyticsOptions.MaxWait"/> of the loader.</summary>
    internal static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(24);

    private readonly RowWriterPool _writers = new(4);

    internal LoaderUnderTest(Uri url, TimeSpan? insertTimeout = null, TimeProvider? time = null)
    {
        Client = new ClickHouseClient(new() { Url = url, InsertTimeout = insertTimeout ?? TimeSpan.FromSeconds(60) });
        var schema = new AnalyticsSchema(Client, new ClickHouseMigrations(Client, NullLogger<ClickHouseMigrations>.Instance));
        var copies = new CopyTables(Client);
        var instruments = new AnalyticsInstruments(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
        Pause = new LoadingPause(Client, copies);
        Epochs = new EpochStore(Client, schema, Pause, instruments);
        var coalescer = new InsertCoalescer(Client, Epochs, _writers, new AnalyticsOptions { MaxWait = MaxWait, MaxBatch = 5_000 }, time ?? TimeProvider.System);
        Loader = new UsageLoader(Client, Epochs, _writers, coalescer, instruments, NullLogger<UsageLoader>.Instance);
        var exchange = new UsageExchange(Client, schema, Epochs, Loader, copies, Pause, NullLogger<UsageExchange>.Instance);
        OpenShadow = log => new ShadowUsage(
            Client, schema, Epochs, _writers, copies, Pause, new LogComparison(new EventLogTotals(log!), Client), exchange, instruments, NullLogger<ShadowUsage>.Instance);
    }

    internal ClickHouseClient Client { get; }

    internal UsageLoader Loader { get; }

    internal EpochStore Epochs { get; }

    internal LoadingPause Pause { get; }

    /// <summary>Creates the shadow store for one attempt of a replay. Only a comparison needs the log.</summary>
    internal Func<NpgsqlDataSource?, ShadowUsage> OpenShadow { get; }

    /// <summary>Takes over the log.</summary>
    internal Task<long> TakeOverAsync() => Loader.TakeOverAsync(new PartitionProgress(null, 0, long.MaxValue), default);

    /// <summary>Takes over a partition of a topic.</summary>
    internal Task<long> TakeOverAsync(string topic, int partition) => Loader.TakeOverAsync(new PartitionProgress(topic, partition, long.MaxValue), default);

    /// <summary>Loads the events of a range, from the log.</summary>
    internal async Task LoadAsync(long first, long last, bool isRepeat = false)
    {
        using var records = Events.Range(first, last);
        await Loader.LoadAsync(Events.Batch(records, isRepeat), default);
    }

    /// <summary>Loads the events of a range that belong to a partition of a topic: those whose position modulo the number of partitions is its number.</summary>
    internal async Task LoadAsync(string topic, int partition, int partitions, long first, long last, bool isRepeat = false, CancellationToken cancellationToken = default)
    {
        using var records = Events.Range(first, last, p => p % partitions == partition);
        await Loader.LoadAsync(Events.Batch(records, isRepeat, topic, partition), cancellationToken);
    }

    /// <summary>Loads a range of the log after the table was exchanged: the epoch has ended, and the group is rewound to the checkpoint.</summary>
    internal async Task LoadAfterSwapAsync(long first, long last, long wentBackTo)
    {
        (await Should.ThrowAsync<ProgressLostException>(() => LoadAsync(first, last))).DurablePosition.ShouldBe(wentBackTo);
        await LoadAsync(first, last, isRepeat: true);
    }

    /// <summary>Stores the checkpoints and returns that of a partition, as ClickHouse contains it.</summary>
    internal async Task<long> CheckpointAsync(string partition = "analytics")
    {
        await Loader.CheckpointAsync(default);
        await using var rows = await Client.QueryAsync(new ClickHouseStatement("SELECT max(position) FROM loader_checkpoints WHERE `group` = {partition:String}").With("partition", partition));
        return await rows.ReadAsync() ? rows.GetInt64(0) : 0;
    }

    internal Task LoadAsync(EventRecords records, bool isRepeat = false) => Loader.LoadAsync(Events.Batch(records, isRepeat), default);

    /// <summary>Asserts that the table contains exactly the events of <see cref="Events.Range"/> at these positions, each once.</summary>
    internal async Task HoldsExactlyAsync(long first, long last)
    {
        await using var rows = await Client.QueryAsync(new ClickHouseStatement(
            "SELECT position, organization_id, code, source, external_customer_id, transaction_id, timestamp, digest, kind, ingested_at, properties.`tokens`.:String, properties.`model`.:String FROM usage ORDER BY position"));
        for (var position = first; position <= last; position++)
        {
            (await rows.ReadAsync()).ShouldBeTrue($"position {position} is missing");
            rows.GetInt64(0).ShouldBe(position);
            (rows.GetInt64(1), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetString(5)).ShouldBe((7L, "tokens", "src", $"c-{position % 10}", $"t-{position}"));
            (rows.GetTime(6), rows.GetUInt64(7), rows.GetInt64(8), rows.GetTime(9)).ShouldBe(
                (Events.Start.AddMinutes(position), (ulong)-position, 1L, Events.Start.AddMinutes(position).AddMilliseconds(5)));
            (rows.GetString(10), rows.GetString(11)).ShouldBe(($"{position}", $"m{position % 3}"));
        }

        (await rows.ReadAsync()).ShouldBeFalse("there are more rows");
    }

    internal async Task<long> NumberAsync(string sql)
    {
        await using var rows = await Client.QueryAsync(new ClickHouseStatement(sql));
        (await rows.ReadAsync()).ShouldBeTrue();
        return rows.GetInt64(0);
    }

    public void Dispose()
    {
        _writers.Dispose();
        Epochs.Dispose();
        Client.Dispose();
    }
}

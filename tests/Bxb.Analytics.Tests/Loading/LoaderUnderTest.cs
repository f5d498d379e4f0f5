using Bxb.Analytics.Loading;
using Bxb.Analytics.Rebuild;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.EventLog.Records;
using Bxb.Riders;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>A loader as a host would have it, on a database of the real engine.</summary>
internal sealed class LoaderUnderTest : IDisposable
{
    /// <summary>How long lanes have to join an insert that another one begins.</summary>
    internal static readonly TimeSpan SharedEvery = TimeSpan.FromMilliseconds(24);

    private readonly RowWriters _writers = new(4);

    internal LoaderUnderTest(Uri url, TimeSpan? insertTimeout = null, TimeProvider? time = null)
    {
        Client = new ClickHouseClient(new() { Url = url, InsertTimeout = insertTimeout ?? TimeSpan.FromSeconds(60) });
        var schema = new AnalyticsSchema(Client, new ClickHouseMigrator(Client, NullLogger<ClickHouseMigrator>.Instance));
        var copies = new UsageCopies(Client);
        Hold = new LoadingHold(Client, copies);
        Terms = new LoaderTerms(Client, schema, Hold);
        var shared = new SharedInserts(Client, Terms, _writers, new AnalyticsOptions { MaxWait = SharedEvery, MaxBatch = 5_000 }, time ?? TimeProvider.System);
        Loader = new UsageLoader(Client, Terms, _writers, shared, NullLogger<UsageLoader>.Instance);
        var exchange = new UsageExchange(Client, schema, Terms, Loader, copies, Hold, NullLogger<UsageExchange>.Instance);
        OpenShadow = log => new ShadowUsage(Client, schema, Terms, _writers, copies, Hold, new LogComparison(log!, Client), exchange, NullLogger<ShadowUsage>.Instance);
    }

    internal ClickHouseClient Client { get; }

    internal UsageLoader Loader { get; }

    internal LoaderTerms Terms { get; }

    internal LoadingHold Hold { get; }

    /// <summary>Makes what a run of a replay works with; only a comparison needs the log.</summary>
    internal Func<NpgsqlDataSource?, ShadowUsage> OpenShadow { get; }

    /// <summary>Takes the log over.</summary>
    internal Task<long> TakeOverAsync() => Loader.TakeOverAsync(new PartitionProgress(null, 0, long.MaxValue), default);

    /// <summary>Takes a partition of a topic over.</summary>
    internal Task<long> TakeOverAsync(string topic, int partition) => Loader.TakeOverAsync(new PartitionProgress(topic, partition, long.MaxValue), default);

    /// <summary>Loads the events of a range, from the log.</summary>
    internal async Task LoadAsync(long first, long last, bool isRepeat = false)
    {
        using var records = Events.Range(first, last);
        await Loader.LoadAsync(Events.Batch(records, isRepeat), default);
    }

    /// <summary>Loads those events of a range that a partition of a topic holds: those whose position leaves its number when divided by how many there are.</summary>
    internal async Task LoadAsync(string topic, int partition, int partitions, long first, long last, bool isRepeat = false, CancellationToken cancellationToken = default)
    {
        using var records = Events.Range(first, last, p => p % partitions == partition);
        await Loader.LoadAsync(Events.Batch(records, isRepeat, topic, partition), cancellationToken);
    }

    /// <summary>Loads a range of the log after the table was exchanged: the term is over, and the group goes back to the checkpoint.</summary>
    internal async Task LoadAfterSwapAsync(long first, long last, long wentBackTo)
    {
        (await Should.ThrowAsync<ProgressLostException>(() => LoadAsync(first, last))).DurablePosition.ShouldBe(wentBackTo);
        await LoadAsync(first, last, isRepeat: true);
    }

    /// <summary>Makes a checkpoint; the answer is what ClickHouse holds as the lane's.</summary>
    internal async Task<long> CheckpointAsync(string lane = "analytics")
    {
        await Loader.CheckpointAsync(default);
        await using var rows = await Client.QueryAsync(new ClickHouseStatement("SELECT max(position) FROM loader_checkpoints WHERE `group` = {lane:String}").With("lane", lane));
        return await rows.ReadAsync() ? rows.GetInt64(0) : 0;
    }

    internal Task LoadAsync(EventRecords records, bool isRepeat = false) => Loader.LoadAsync(Events.Batch(records, isRepeat), default);

    /// <summary>The table holds the events of <see cref="Events.Range"/> at these positions, each once and whole.</summary>
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
        Terms.Dispose();
        Client.Dispose();
    }
}

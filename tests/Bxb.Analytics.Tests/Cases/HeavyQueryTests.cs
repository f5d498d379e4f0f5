using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.Windows;
using Bxb.ClickHouse;
using Bxb.Modularity.Errors;
using Bxb.Testing;
using static Bxb.Analytics.Tests.Cases.UsageCase;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Large queries, and queries that are cancelled or time out.</summary>
public sealed class HeavyQueryTests(HeavyStores fixture) : IClassFixture<HeavyStores>
{
    /// <summary>Identifies the statements of this test, because the embedded engine lists statements without their ids.</summary>
    private readonly string _mark = $"m{Guid.NewGuid():N}";

    private UsageStores Stores => fixture.Stores;

    [Theory]
    [InlineData("clickhouse")]
    [InlineData("postgresql")]
    public async Task Decades_of_days_and_a_thousand_of_everything_are_no_fault(string store)
    {
        var customers = string.Concat(Enumerable.Range(0, 999).Select(i => $"&external_customer_id=c{i}{Uri.EscapeDataString("é😀'\\\t")}"));
        var values = string.Concat(Enumerable.Range(0, 999).Select(i => $"&filter[k]=v{i}{new string('x', 60)}"));
        var query = Parse($"metric=m&from=2000-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&window=day&timezone=Europe/Berlin&external_customer_id=a{customers}&filter[k]=eu{values}").For(Sum("v"));

        var rows = (await Stores.AskAsync(store, query)).Finish();

        rows.Select(r => Line(query, r)).ShouldBe(["2025-12-31T23:00:00Z>2026-01-01T23:00:00Z a 6 x3"]);
    }

    [Theory]
    [InlineData("clickhouse")]
    [InlineData("postgresql")]
    public async Task More_rows_or_text_than_an_answer_may_have_are_refused(string store)
    {
        var query = Parse("metric=m&" + January + "&group_by=v").For(Count());
        foreach (var options in new[] { new UsageQueryOptions { MaxRows = 2 }, new UsageQueryOptions { MaxAnswerBytes = 5 } })
        {
            var refused = await Should.ThrowAsync<ApiException>(() => Stores.AskAsync(store, query, options));
            refused.Code.ShouldBe(ErrorCode.AnswerTooLarge);
        }

        (await Stores.AskAsync(store, query, new UsageQueryOptions { MaxRows = 3 })).Finish().Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_query_that_is_given_up_runs_no_longer()
    {
        using var caller = new CancellationTokenSource();
        var running = Sleep(seconds: 60, UsageStores.Options, caller.Token);
        await Eventually.HoldsAsync(async () => running.IsCompleted ? throw new InvalidOperationException("It ended", running.Exception) : await RunningAsync() == 1, "the query runs");

        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(running);
        (await RunningAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_query_that_takes_too_long_is_ended()
    {
        var running = Sleep(seconds: 60, new UsageQueryOptions { QueryTimeout = TimeSpan.FromSeconds(1) }, CancellationToken.None);

        (await Should.ThrowAsync<ClickHouseException>(running)).IsTimeout.ShouldBeTrue();

        (await RunningAsync()).ShouldBe(0);
    }

    private Task<UsageRowCollector> Sleep(int seconds, UsageQueryOptions options, CancellationToken cancellationToken)
    {
        var query = Parse("metric=m&" + January).For(Count());
        var statement = new ClickHouseStatement($"SELECT toInt64(max(sleepEachRow(0.1))) AS {_mark}, '', NULL::Nullable(String), count(), toUInt64(0) FROM numbers({seconds * 10}) SETTINGS max_block_size = 1");
        var rows = new UsageRowCollector(query, WindowPlan.Of(query, options), options);
        return new Bxb.Analytics.Queries.ClickHouseStore.ClickHouseRunner(Stores.Client, options).RunAsync(statement, rows, cancellationToken);
    }

    private async Task<long> RunningAsync()
    {
        await using var count = await Stores.Client.QueryAsync(
            new ClickHouseStatement("SELECT count() FROM system.processes WHERE position(query, {mark:String}) > 0 AND position(query, 'processes') = 0").With("mark", _mark));
        await count.ReadAsync();
        return count.GetInt64(0);
    }
}

/// <summary>Both stores with a few events.</summary>
public sealed class HeavyStores : IAsyncLifetime
{
    internal UsageStores Stores { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Stores = await UsageStores.StartAsync();
        await Stores.Log.AppendAsync(1, Enumerable.Range(1, 3).Select(i => new CaseEvent("a", "2026-01-01T00:00:00Z", $$"""{"v": {{i}}, "k": "eu"}""")));
        await Stores.LoadAsync(batch: 10);
    }

    public async Task DisposeAsync() => await Stores.DisposeAsync();
}

using Bxb.ClickHouse;
using Bxb.Testing;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>An insert counts as loaded only when the store proves it, not because the status is 200.</summary>
public class ProvenInsertsTests
{
    private const string Summary = """{"read_rows":"0","written_rows":"0"}""";

    /// <summary>Answers with status 200 although nothing was inserted: the body, and the header with the number of written rows.</summary>
    public static TheoryData<string, string?> Answers => new()
    {
        { "Code: 210. DB::NetException: Connection reset by peer. (NETWORK_ERROR)", Summary },
        { "Code: 999. Coordination::Exception: Session expired. (KEEPER_EXCEPTION)", Summary },
        { "Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED)\n", Summary },
        { "<html><body>502 Bad Gateway</body></html>", null },
        { "Ok.\n", null },
        { "", null },
        { "", Summary },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_that_proves_nothing_loads_nothing_and_is_repaired(string body, string? summary)
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        path.OnInsert = (context, _) => AnswerAsync(context, body, summary);

        var error = await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync(101, 200));
        (error.IsTransient, error.MayStillRun).ShouldBe((true, true), error.Message);

        path.OnInsert = null;
        await host.LoadAsync(101, 200, isRepeat: true);
        await host.LoadAsync(201, 300);
        await host.HoldsExactlyAsync(1, 300);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_that_is_lost_on_the_way_is_made_up_for_by_counting(string body, string? summary)
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync();
        path.OnInsert = async (context, work) =>
        {
            (await work()).ShouldBe(200);
            await AnswerAsync(context, body, summary);
        };

        // New rows, and rows of which some are in the table.
        foreach (var (first, last, isRepeat) in new[] { (1, 100, false), (51, 150, true), (151, 200, false) })
        {
            // An error counts as an error, although the rows were inserted.
            if (body.StartsWith("Code", StringComparison.Ordinal))
            {
                await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync(first, last, isRepeat));
            }
            else
            {
                await host.LoadAsync(first, last, isRepeat);
            }
        }

        await host.HoldsExactlyAsync(1, 200);
    }

    [Fact]
    public async Task An_insert_of_several_partitions_that_is_not_proven_is_repaired_partition_by_partition()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        foreach (var partition in new[] { 0, 1 })
        {
            await host.TakeOverAsync("events", partition);
        }

        path.OnInsert = (context, _) => AnswerAsync(context, "", Summary);
        foreach (var partition in new[] { 0, 1 })
        {
            (await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync("events", partition, 2, 1, 100))).IsUnproven.ShouldBeTrue();
        }

        path.OnInsert = null;
        foreach (var partition in new[] { 0, 1 })
        {
            await host.LoadAsync("events", partition, 2, 1, 100, isRepeat: true);
        }

        await host.HoldsExactlyAsync(1, 100);
    }

    [Fact]
    public async Task A_checkpoint_counts_only_when_its_answer_is_empty()
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var host = new LoaderUnderTest(path.Url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        path.OnStatement = async (sql, context, pass) => await (sql.Contains("INSERT INTO loader_checkpoints", StringComparison.Ordinal)
            ? AnswerAsync(context, "Code: 999. Coordination::Exception: Session expired. (KEEPER_EXCEPTION)", Summary)
            : pass());

        await Should.ThrowAsync<ClickHouseException>(() => host.CheckpointAsync());

        path.OnStatement = null;
        (await host.NumberAsync("SELECT max(position) FROM loader_checkpoints")).ShouldBe(0);
        (await host.CheckpointAsync()).ShouldBe(100);
    }

    private static Task AnswerAsync(HttpContext context, string body, string? summary)
    {
        if (summary is not null)
        {
            context.Response.Headers["X-ClickHouse-Summary"] = summary;
        }

        return context.Response.WriteAsync(body);
    }
}

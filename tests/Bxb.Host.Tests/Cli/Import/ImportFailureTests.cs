using Microsoft.AspNetCore.Http;

namespace Bxb.Host.Tests.Cli.Import;

public sealed class ImportFailureTests : ImportFixture
{
    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(408)]
    public async Task What_may_pass_is_tried_again(int status)
    {
        Host.NextAnswers(status, "0");
        Host.NextAnswers(status);

        var result = await ImportAsync(await WriteAsync("a.ndjson", Events(10)));

        (result.ExitCode, result.Counts.Ingested, Host.Events.Count).ShouldBe((0, 10, 10));
    }

    [Fact]
    public async Task A_connection_cut_before_the_request_was_handled_loses_nothing()
    {
        Host.Next(Cut);
        var result = await ImportAsync(await WriteAsync("a.ndjson", Events(10)));

        (result.Counts.Ingested, result.Counts.Duplicates).ShouldBe((10, 0));

        static Task<bool> Cut(HttpContext context)
        {
            context.Abort();
            return Task.FromResult(false);
        }
    }

    [Fact]
    public async Task A_connection_cut_before_the_answer_counts_duplicates_and_doubles_nothing()
    {
        Host.Next(context =>
        {
            context.Items["cut"] = true;
            return Task.FromResult(true);
        });
        var result = await ImportAsync(await WriteAsync("a.ndjson", Events(10)));

        (result.ExitCode, result.Counts.Ingested, result.Counts.Duplicates, Host.Events.Count).ShouldBe((0, 0, 10, 10));
    }

    [Fact]
    public async Task A_host_that_stays_away_ends_it_with_the_place_it_came_to()
    {
        var file = await WriteAsync("a.ndjson", Events(30));
        Host.Next(_ => Task.FromResult(true));
        for (var i = 0; i < 100; i++)
        {
            Host.NextAnswers(503);
        }

        var result = await ImportAsync(Settings(file) with { Batch = 10, Connections = 1, RetryFor = TimeSpan.FromMilliseconds(500) });

        (result.ExitCode, result.Counts.Ingested, result.Counts.Line).ShouldBe((2, 10, 10));
        result.Failure!.Message.ShouldContain("503");
    }

    [Fact]
    public async Task No_host_at_all_ends_it()
    {
        var settings = Settings(await WriteAsync("a.ndjson", Events(1))) with { RetryFor = TimeSpan.FromMilliseconds(300) };
        await Host.DisposeAsync();

        var result = await ImportAsync(settings);

        (result.ExitCode, result.Counts.Events).ShouldBe((2, 0));
    }

    [Fact]
    public async Task A_wrong_key_ends_it_at_once()
    {
        var result = await ImportAsync(Settings(await WriteAsync("a.ndjson", Events(10))) with { ApiKey = "wrong" });

        result.ExitCode.ShouldBe(2);
        result.Failure!.Message.ShouldContain("401");
        result.Failure.Message.ShouldContain("A valid API key is needed.");
    }

    [Fact]
    public async Task An_answer_for_fewer_events_than_were_sent_is_not_believed()
    {
        Host.Next(async context =>
        {
            context.Response.StatusCode = 201;
            await context.Response.WriteAsJsonAsync(new { ingested = 9, duplicates = 0, conflicts = 0, rejected = 0, position = 9 });
            return false;
        });

        var result = await ImportAsync(await WriteAsync("a.ndjson", Events(10)));

        (result.ExitCode, result.Counts.Ingested).ShouldBe((2, 0));
    }

    [Fact]
    public async Task Told_to_stop_it_stops_and_says_how_far_it_came()
    {
        using var stop = new CancellationTokenSource();
        Host.Next(_ => Task.FromResult(true));
        Host.Next(async context =>
        {
            await stop.CancelAsync();
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "30";
            return false;
        });

        var result = await ImportAsync(Settings(await WriteAsync("a.ndjson", Events(30))) with { Batch = 10, Connections = 1 }, stop.Token);

        (result.ExitCode, result.Stopped, result.Counts.Line).ShouldBe((130, true, 10));
    }
}

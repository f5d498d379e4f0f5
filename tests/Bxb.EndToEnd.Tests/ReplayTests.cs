using System.Text.Json.Nodes;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests;

/// <summary>Replays of the group that loads ClickHouse, over the API and from the command line: usage is the same before, meanwhile and after.</summary>
[Collection(SharedHostCollection.Name)]
public sealed class ReplayTests(SharedHost shared)
{
    private const string Path = "/v1/pipeline/groups/analytics/replay";

    [Fact]
    public async Task In_place_nothing_is_counted_twice_and_what_is_new_arrives()
    {
        var position = await SendAsync("in-place", 200);
        (await shared.Client.TotalAsync("in-place", "clickhouse", position)).ShouldBe("200");
        var replay = await AskAsync("""{"from_position": 0}""");
        (replay["group"]!.GetValue<string>(), replay["into"]!.GetValue<string>(), replay["source"]!.GetValue<string>()).ShouldBe(("analytics", "live", "log"));
        var more = await SendAsync("in-place-meanwhile", 50);
        (await shared.Client.TotalAsync("in-place", "clickhouse", position)).ShouldBe("200");
        var done = await EndAsync(replay);
        done["state"]!.GetValue<string>().ShouldBe("done", done.ToJsonString());
        done["events"]!.GetValue<long>().ShouldBeGreaterThanOrEqualTo(200);
        (await shared.Client.TotalAsync("in-place", "clickhouse", more)).ShouldBe("200");
        (await shared.Client.TotalAsync("in-place-meanwhile", "clickhouse", more)).ShouldBe("50");
        var listed = await shared.Client.GetJsonAsync("/v1/pipeline/groups/analytics/replays");
        listed["replays"]!.AsArray().ShouldContain(r => r!["id"]!.GetValue<long>() == replay["id"]!.GetValue<long>());
    }

    [Fact]
    public async Task Into_a_copy_usage_stays_right_throughout_and_after_the_swap()
    {
        var position = await SendAsync("copied", 300);
        (await shared.Client.TotalAsync("copied", "clickhouse", position)).ShouldBe("300");
        var replay = await AskAsync("""{"into": "shadow"}""");
        JsonNode now;
        do
        {
            (await shared.Client.TotalAsync("copied", "clickhouse", position)).ShouldBe("300");
            now = await LookAsync(replay);
        }
        while (now["finished_at"] is null);
        now["state"]!.GetValue<string>().ShouldBe("done", now.ToJsonString());
        (await shared.Client.TotalAsync("copied", "clickhouse", position)).ShouldBe("300");
        var more = await SendAsync("copied-after", 10);
        (await shared.Client.TotalAsync("copied-after", "clickhouse", more)).ShouldBe("10");
    }

    [Fact]
    public async Task The_command_line_asks_for_one_and_follows_it()
    {
        var position = await SendAsync("by-command", 20);
        (await shared.Client.TotalAsync("by-command", "clickhouse", position)).ShouldBe("20");
        var (exit, output) = await HostProcess.RunAsync(
            "replay", "analytics", "--url", shared.Host.Url.ToString(), "--api-key", SharedHost.AdminToken, "--from-time", "2020-01-01T00:00:00Z", "--to-position", $"{position}");
        exit.ShouldBe(0, output);
        output.ShouldContain("state       done");
        (await shared.Client.TotalAsync("by-command", "clickhouse", position)).ShouldBe("20");
        var (refused, sentence) = await HostProcess.RunAsync(
            "replay", "analytics", "--url", shared.Host.Url.ToString(), "--api-key", SharedHost.AdminToken, "--from-position", "0", "--source", "kafka");
        (refused, sentence).ShouldBe((2, $"The host answered 422 to POST {shared.Host.Url}v1/pipeline/groups/analytics/replay. There is no topic: the groups read the event log itself.{Environment.NewLine}"));
    }

    [Fact]
    public async Task Only_the_admin_token_may_ask_where_there_is_one_and_everybody_who_manages_may_look()
    {
        (await shared.Client.SendAsync(HttpMethod.Post, Path, """{"from_position": 0}""")).Status.ShouldBe(403);
        (await shared.Client.SendAsync(HttpMethod.Delete, Path + "s/1")).Status.ShouldBe(403);
        (await shared.Client.SendAsync(HttpMethod.Get, Path + "s")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("nobody", """{"from_position": 0}""", 404, "not_found", null)]
    [InlineData("analytics", """{}""", 422, "validation_failed", "")]
    [InlineData("analytics", """{"from_position": 0, "from_time": "2026-01-01T00:00:00Z"}""", 422, "validation_failed", "")]
    [InlineData("analytics", """{"from_position": 999999999}""", 422, "position_beyond_head", "/from_position")]
    [InlineData("analytics", """{"from_time": "2100-01-01T00:00:00Z"}""", 422, "validation_failed", "/from_time")]
    [InlineData("analytics", """{"from_offsets": {"0": 5}}""", 422, "validation_failed", "/from_offsets")]
    [InlineData("analytics", """{"from_position": 0, "source": "kafka"}""", 422, "validation_failed", "/source")]
    [InlineData("analytics", """{"from_position": 0, "source": "tape"}""", 422, "validation_failed", "/source")]
    [InlineData("analytics", """{"from_position": 3, "into": "shadow"}""", 422, "validation_failed", "/from_position")]
    public async Task What_cannot_be_done_is_refused_with_a_sentence(string group, string body, int status, string code, string? pointer)
    {
        await SendAsync("refused", 5);
        var (answered, problem) = await shared.Client.SendAsync(HttpMethod.Post, $"/v1/pipeline/groups/{group}/replay", body, SharedHost.AdminToken);
        answered.ShouldBe(status, problem.ToJsonString());
        problem["code"]!.GetValue<string>().ShouldBe(code);
        if (pointer is not null)
        {
            problem["errors"]!.AsArray()[0]!["pointer"]!.GetValue<string>().ShouldBe(pointer);
        }
    }

    /// <summary>Sends events that a metric of the same code counts; returns the last position.</summary>
    private async Task<long> SendAsync(string code, int count)
    {
        var events = Enumerable.Range(0, count).Select(i => $$"""{"transaction_id": "{{code}}-{{Guid.NewGuid():N}}-{{i}}", "external_customer_id": "c-{{i % 7}}", "code": "{{code}}"}""");
        var sent = await shared.Client.PostJsonAsync("/v1/events/batch", $$"""{"events": [{{string.Join(',', events)}}]}""");
        await shared.Client.SendAsync(
            HttpMethod.Post, "/v1/billable_metrics", $$"""{"code": "{{code}}", "name": "{{code}}", "aggregation_type": "count"}""");
        return sent.Position();
    }

    private async Task<JsonNode> AskAsync(string body)
    {
        var (status, replay) = await shared.Client.SendAsync(HttpMethod.Post, Path, body, SharedHost.AdminToken);
        status.ShouldBe(202, replay.ToJsonString());
        return replay;
    }

    private Task<JsonNode> LookAsync(JsonNode replay) => shared.Client.GetJsonAsync($"{Path}s/{replay["id"]}");

    private async Task<JsonNode> EndAsync(JsonNode replay)
    {
        JsonNode? now = null;
        await Eventually.HoldsAsync(async () => (now = await LookAsync(replay))["finished_at"] is not null, "The replay ends");
        return now!;
    }
}

using System.Net;

namespace Bxb.Ingestion.Tests.Http;

[Collection(IngestionCollection.Name)]
public sealed class ListTests(IngestionApp app)
{
    [Fact]
    public async Task Pages_are_complete_and_stable_under_new_events()
    {
        var caller = app.NewOrganization();
        await caller.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 250).Select(i => Requests.Event($"t-{i}"))));
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await caller.AskAsync($"/v1/events?limit=120{(cursor is null ? "" : "&cursor=" + cursor)}");
            seen.AddRange(Ids(page));
            cursor = (string?)page.Json["next_cursor"];
            await caller.PostEventAsync(Requests.Event($"new-{seen.Count}"));
        }
        while (cursor is not null);

        seen.Count.ShouldBe(250);
        seen.Distinct().Count().ShouldBe(250);
        seen.ShouldAllBe(id => id.StartsWith("t-", StringComparison.Ordinal));
        (await caller.AskAsync("/v1/events")).Json["events"]!.AsArray().Count.ShouldBe(50);
    }

    [Fact]
    public async Task Filters_narrow_and_the_newest_position_comes_first()
    {
        var caller = app.NewOrganization();
        await caller.PostEventAsync(Requests.Event("1", customer: "a", code: "x", timestamp: "\"2026-01-01T00:00:00Z\""));
        await caller.PostEventAsync(Requests.Event("2", customer: "a", code: "y", timestamp: "\"2026-01-02T00:00:00Z\""));
        await caller.PostEventAsync(Requests.Event("3", customer: "b", code: "x", timestamp: "\"2026-01-03T00:00:00Z\""));
        Ids(await caller.AskAsync("/v1/events")).ShouldBe(["3", "2", "1"]);
        Ids(await caller.AskAsync("/v1/events?code=x")).ShouldBe(["3", "1"]);
        Ids(await caller.AskAsync("/v1/events?code=X")).ShouldBeEmpty();
        Ids(await caller.AskAsync("/v1/events?external_customer_id=a&code=y")).ShouldBe(["2"]);
        Ids(await caller.AskAsync("/v1/events?from=2026-01-02T00:00:00Z")).ShouldBe(["3", "2"]);
        Ids(await caller.AskAsync("/v1/events?to=2026-01-02T00:00:00Z")).ShouldBe(["1"]);
        Ids(await caller.AskAsync("/v1/events?from=2026-01-02T01:00:00+01:00&to=2026-01-02T00:00:00.001Z")).ShouldBe(["2"]);
        Ids(await caller.AskAsync("/v1/events?from=1767312000&limit=1000")).ShouldBe(["3", "2"]);
        Ids(await caller.AskAsync("/v1/events?from=2026-01-02&to=2026-01-03")).ShouldBe(["2"]);
        Ids(await caller.AskAsync("/v1/events?from=1969-12-31T23:59:59Z")).ShouldBe(["3", "2", "1"]);
        Ids(await caller.AskAsync("/v1/events?from=0001-01-01&to=1970-01-01")).ShouldBeEmpty();
        Ids(await caller.AskAsync("/v1/events?from=-1&to=9999-12-31T23:59:59.999Z")).ShouldBe(["3", "2", "1"]);
    }

    [Fact]
    public async Task A_period_may_be_empty_and_may_not_end_before_it_begins()
    {
        var caller = app.NewOrganization();
        await caller.PostEventAsync(Requests.Event("1", timestamp: "\"2026-01-02T00:00:00Z\""));
        Ids(await caller.AskAsync("/v1/events?from=2026-01-02&to=2026-01-02T00:00:00Z")).ShouldBeEmpty();
        var reversed = await caller.AskAsync("/v1/events?from=2026-01-02T00:00:00.001Z&to=2026-01-02");
        reversed.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        reversed.Pointers.ShouldBe(["to"]);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("from=2026-01-01T", "from")]
    [InlineData("from=2026-02-30", "from")]
    [InlineData("from=9999-12-31T23:59:59-01:00", "from")]
    [InlineData("to=soon", "to")]
    [InlineData("code=", "code")]
    [InlineData("code=%00", "code")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("cursor=AAAAAAAAAAEAAAAAAAAAAA", "cursor")]
    [InlineData("cursor=!!!!", "cursor")]
    [InlineData("customer=a", "customer")]
    public async Task Bad_parameters_are_400_by_name(string query, string name)
    {
        var answer = await app.NewOrganization().AskAsync("/v1/events?" + query);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Code.ShouldBe("invalid_parameter");
        answer.Pointers.ShouldBe([name]);
    }

    [Fact]
    public async Task A_heavy_page_ends_early_and_goes_on()
    {
        var caller = app.NewOrganization();
        var padding = new string('x', 60_000);
        await caller.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 250).Select(i => Requests.Event($"t-{i}", $$"""{"padding":"{{padding}}"}"""))));
        var page = await caller.AskAsync("/v1/events?limit=1000");
        Ids(page).Count.ShouldBe(200);
        page.Json["next_cursor"].ShouldNotBeNull();
        (await caller.CountAsync()).ShouldBe(250);
    }

    [Fact]
    public async Task Conflicts_come_in_pages()
    {
        var caller = app.NewOrganization();
        await caller.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 5).Select(i => Requests.Event($"t-{i}"))));
        for (var i = 0; i < 5; i++)
        {
            await caller.PostEventAsync(Requests.Event($"t-{i}", """{"n":1}"""));
        }

        var first = await caller.AskAsync("/v1/conflicts?limit=3");
        var second = await caller.AskAsync("/v1/conflicts?limit=3&cursor=" + (string?)first.Json["next_cursor"]);
        first.Json["conflicts"]!.AsArray().Concat(second.Json["conflicts"]!.AsArray()).Select(c => (string?)c!["recorded"]!["transaction_id"]).ShouldBe(["t-4", "t-3", "t-2", "t-1", "t-0"]);
        second.Json["next_cursor"].ShouldBeNull();
        (await caller.AskAsync("/v1/events?cursor=" + (string?)first.Json["next_cursor"])).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("a/b/c")]
    [InlineData("a%2Fb")]
    [InlineData("batch")]
    [InlineData("/")]
    [InlineData("//x/")]
    [InlineData("a?b=c&d#e")]
    [InlineData("100%")]
    public async Task Ids_come_back_from_their_path(string id)
    {
        var caller = app.NewOrganization();
        await caller.PostEventAsync(Requests.Event(id));
        await caller.PostEventAsync(Requests.Event("other"));
        var answer = await caller.AskAsync("/v1/events/" + Uri.EscapeDataString(id));
        answer.Status.ShouldBe(HttpStatusCode.OK);
        ((string?)answer.Json["transaction_id"]).ShouldBe(id);
        ((string?)(await caller.AskAsync("/v1/events/" + Uri.EscapeDataString(id) + "?source=")).Json["transaction_id"]).ShouldBe(id);
        (await caller.AskAsync("/v1/events/" + Uri.EscapeDataString(id) + "?source=s")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_plain_slash_belongs_to_the_id_too()
    {
        var caller = app.NewOrganization();
        await caller.PostEventAsync(Requests.Event("2026/01/x y"));
        ((string?)(await caller.AskAsync("/v1/events/2026/01/x%20y")).Json["transaction_id"]).ShouldBe("2026/01/x y");
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("%FF")]
    [InlineData("%C0%AF")]
    public async Task What_is_not_there_is_404(string id) => (await app.NewOrganization().AskAsync("/v1/events/" + id)).Status.ShouldBe(HttpStatusCode.NotFound);

    private static IReadOnlyList<string> Ids(Answer page)
    {
        page.Status.ShouldBe(HttpStatusCode.OK, page.Detail);
        return page.Json["events"]!.AsArray().Select(e => (string)e!["transaction_id"]!).ToList();
    }
}

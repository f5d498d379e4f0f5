using System.Net;

namespace Bxb.Ingestion.Tests.Http;

/// <summary>An organization sees its own data only, whatever it guesses.</summary>
[Collection(IngestionCollection.Name)]
public sealed class OrganizationTests(IngestionApp app)
{
    [Fact]
    public async Task A_second_organization_sees_nothing_of_the_first()
    {
        var first = app.NewOrganization();
        var second = app.NewOrganization();
        await first.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 5).Select(i => Requests.Event($"t-{i}", """{"secret":1}"""))));
        await first.PostEventAsync(Requests.Event("t-0", """{"secret":2}"""));
        await first.PostEventAsync(Requests.Event("t-1", """{"secret":2}"""));

        (await second.CountAsync()).ShouldBe(0);
        (await second.AskAsync("/v1/events/t-0")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await second.AskAsync("/v1/events/t-0?source=")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await second.AskAsync("/v1/conflicts")).Json["conflicts"]!.AsArray().ShouldBeEmpty();
        (await second.AskAsync("/v1/events?code=api_calls&external_customer_id=c-1")).Json["events"]!.AsArray().ShouldBeEmpty();

        var events = (string)(await first.AskAsync("/v1/events?limit=2")).Json["next_cursor"]!;
        var conflicts = (string)(await first.AskAsync("/v1/conflicts?limit=1")).Json["next_cursor"]!;
        (await second.AskAsync("/v1/events?cursor=" + events)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await second.AskAsync("/v1/conflicts?cursor=" + conflicts)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await first.AskAsync("/v1/events?cursor=" + events)).Status.ShouldBe(HttpStatusCode.OK);

        // The same ids are the second's own: neither duplicates nor conflicts.
        (await second.PostEventAsync(Requests.Event("t-0", """{"own":1}"""))).Status.ShouldBe(HttpStatusCode.Created);
        (await second.PostEventAsync(Requests.Event("t-0", """{"own":2}"""))).Json["recorded"]!["properties"]!.ToJsonString().ShouldBe("""{"own":1}""");
        (await second.CountAsync()).ShouldBe(1);
        (await first.CountAsync()).ShouldBe(5);
    }
}

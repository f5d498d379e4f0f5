using System.Net;

namespace Bxb.Ingestion.Tests.Http;

[Collection(IngestionCollection.Name)]
public sealed class PostEventTests(IngestionApp app)
{
    [Fact]
    public async Task A_new_event_is_recorded_and_read_back()
    {
        var caller = app.NewOrganization();
        var answer = await caller.PostEventAsync(
            """{"transaction_id": "t-1", "external_customer_id": "c-1", "code": "api_calls", "timestamp": "2026-01-01T00:00:00.125Z", "properties": {"bytes": 42, "region": "eu"}}""");
        answer.Status.ShouldBe(HttpStatusCode.Created);
        answer.Json.Select(m => m.Key).ShouldBe(["transaction_id", "position", "status"]);
        ((string?)answer.Json["transaction_id"]).ShouldBe("t-1");
        ((string?)answer.Json["status"]).ShouldBe("recorded");
        answer.PositionHeader.ShouldBe(answer.Position.ToString());
        answer.ContentHeaders.ContentLength.ShouldNotBeNull();

        var seen = (await caller.AskAsync("/v1/events/t-1")).Json;
        app.Errors.Entries.ShouldBeEmpty();
        seen.Select(m => m.Key).ShouldBe(["transaction_id", "external_customer_id", "code", "timestamp", "properties", "position", "ingested_at"]);
        ((string?)seen["timestamp"]).ShouldBe("2026-01-01T00:00:00.125Z");
        seen["properties"]!.ToJsonString().ShouldBe("""{"bytes":42,"region":"eu"}""");
        ((long?)seen["position"]).ShouldBe(answer.Position);
    }

    [Fact]
    public async Task The_same_event_written_otherwise_is_a_duplicate()
    {
        var caller = app.NewOrganization();
        var first = await caller.PostEventAsync(
            """{"transaction_id":"t","external_customer_id":"c","code":"a","timestamp":"2026-01-01T00:00:00.125Z","properties":{"a":100,"b":{"c":[1,"x"]}}}""");
        var again = await caller.PostEventAsync(
            """ { "properties" : {"b":{"c":[1.0e0,"\u0078"]},"a":1e2}, "timestamp":1767225600.1259, "c\u006fde":"\u0061", "external_customer_id":"c", "transaction_id":"t" } """);
        var changed = (await caller.PostEventAsync(
            """{"transaction_id":"t","external_customer_id":"c","code":"a","timestamp":"1767225600.125","properties":{"a":1e2,"b":{"c":[1,"x"]}}}"""));
        changed.Status.ShouldBe(HttpStatusCode.OK);
        changed.Position.ShouldBe(first.Position);
        changed.PositionHeader.ShouldBe(first.PositionHeader);
        ((string?)changed.Json["status"]).ShouldBe("duplicate");

        // 1.0e0 is 1.0 to jsonb, and 1.0 is not 1: scale is content.
        again.Status.ShouldBe(HttpStatusCode.Conflict);
        (await caller.CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_timestamp_that_the_server_gave_makes_no_difference()
    {
        var caller = app.NewOrganization();
        var first = await caller.PostEventAsync(Requests.Event("t", timestamp: null));
        first.Status.ShouldBe(HttpStatusCode.Created);
        var again = await caller.PostEventAsync(Requests.Event("t", timestamp: "null"));
        again.Status.ShouldBe(HttpStatusCode.OK);
        again.Position.ShouldBe(first.Position);
    }

    [Fact]
    public async Task Absent_and_null_properties_are_none()
    {
        var caller = app.NewOrganization();
        await caller.PostEventAsync("""{"transaction_id":"t","external_customer_id":"c","code":"a","timestamp":1}""");
        (await caller.PostEventAsync(Requests.Event("t", "null", "c", "a", "1"))).Status.ShouldBe(HttpStatusCode.OK);
        (await caller.PostEventAsync(Requests.Event("t", "{}", "c", "a", "1"))).Status.ShouldBe(HttpStatusCode.OK);
        (await caller.AskAsync("/v1/events/t")).Json["properties"]!.ToJsonString().ShouldBe("{}");
    }

    [Fact]
    public async Task Other_content_of_a_known_event_is_a_conflict_and_changes_nothing()
    {
        var caller = app.NewOrganization();
        var first = await caller.PostEventAsync(Requests.Event("t", """{"n":1}"""));
        var other = await caller.PostEventAsync(Requests.Event("t", """{"n":2}"""));
        other.Status.ShouldBe(HttpStatusCode.Conflict);
        other.Code.ShouldBe("event_conflict");
        other.PositionHeader.ShouldBe(first.PositionHeader);
        other.Json["recorded"]!["properties"]!.ToJsonString().ShouldBe("""{"n":1}""");
        ((long?)other.Json["recorded"]!["position"]).ShouldBe(first.Position);

        (await caller.AskAsync("/v1/events/t")).Json["properties"]!.ToJsonString().ShouldBe("""{"n":1}""");
        var conflict = (await caller.AskAsync("/v1/conflicts")).Json["conflicts"]!.AsArray().Single()!.AsObject();
        conflict.Select(m => m.Key).ShouldBe(["recorded", "sent", "at"]);
        conflict["recorded"]!["properties"]!.ToJsonString().ShouldBe("""{"n":1}""");
        conflict["sent"]!["properties"]!.ToJsonString().ShouldBe("""{"n":2}""");
    }

    [Fact]
    public async Task A_thousand_posts_of_one_event_at_once_record_it_once()
    {
        var caller = app.NewOrganization();
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => caller.PostEventAsync(Requests.Event("one", """{"n":1}"""))));
        answers.Count(a => a.Status == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(a => a.Status == HttpStatusCode.OK).ShouldBe(999);
        answers.Select(a => a.Position).Distinct().Count().ShouldBe(1);
        (await caller.CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Texts_are_kept_to_the_byte()
    {
        var caller = app.NewOrganization();
        string[] ids = ["é", "e\u0301", "A", "a", "a ", " a", "😀", "\u0001", "\uffff", new string('x', 255), string.Concat(Enumerable.Repeat("😀", 255)), "a/b", "a%2Fb", "..a", "?#&+ \\", "\"", "\u2028"];
        foreach (var id in ids)
        {
            (await caller.PostEventAsync(Requests.Event(id, customer: id, code: id))).Status.ShouldBe(HttpStatusCode.Created, id);
        }

        foreach (var id in ids)
        {
            var seen = (await caller.AskAsync("/v1/events/" + Uri.EscapeDataString(id))).Json;
            ((string?)seen["transaction_id"]).ShouldBe(id);
            ((string?)seen["external_customer_id"]).ShouldBe(id);
            ((string?)seen["code"]).ShouldBe(id);
        }
    }

    [Fact]
    public async Task The_trace_context_goes_into_the_log()
    {
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var organization = IngestionApp.NewOrganizationId();
        var caller = app.Caller(organization);
        caller.DefaultRequestHeaders.Add("traceparent", trace);
        await caller.PostEventAsync(Requests.Event("t"));
        var queries = (EventLog.Reading.EventLogQueries)app.Provider.GetService(typeof(EventLog.Reading.EventLogQueries))!;
        var seen = await queries.FindAsync(organization, "t", source: null, CancellationToken.None);
        seen.Single().TraceParent.ShouldNotBeNull().ShouldStartWith(trace[..36]);
    }
}

using System.Net;

namespace Bxb.Ingestion.Tests.Http;

[Collection(IngestionCollection.Name)]
public sealed class PostBatchTests(IngestionApp app)
{
    [Fact]
    public async Task A_batch_is_recorded_once_however_often_it_is_sent()
    {
        var caller = app.NewOrganization();
        var batch = Requests.Batch(Enumerable.Range(0, 500).Select(i => Requests.Event($"t-{i}", $$"""{"n":{{i}}}""")));
        var first = await caller.PostBatchAsync(batch);
        first.Status.ShouldBe(HttpStatusCode.Created);
        first.Json.Select(m => m.Key).ShouldBe(["ingested", "duplicates", "conflicts", "rejected", "position"]);
        Counts(first).ShouldBe((500, 0, 0, 0));
        first.PositionHeader.ShouldBe(first.Position.ToString());

        var again = await caller.PostBatchAsync(batch);
        again.Status.ShouldBe(HttpStatusCode.Created);
        Counts(again).ShouldBe((0, 500, 0, 0));
        again.Position.ShouldBe(first.Position);
        (await caller.CountAsync()).ShouldBe(500);
    }

    [Fact]
    public async Task Conflicts_and_doubles_within_a_batch_are_counted_and_named()
    {
        var caller = app.NewOrganization();
        await caller.PostEventAsync(Requests.Event("known", """{"n":1}"""));
        var answer = await caller.PostBatchAsync(Requests.Batch(
            Requests.Event("known", """{"n":1}"""), Requests.Event("known", """{"n":2}"""), Requests.Event("new", """{"n":1}"""), Requests.Event("new", """{"n":1}"""),
            Requests.Event("new", """{"n":3}""")));
        Counts(answer).ShouldBe((1, 2, 2, 0));
        answer.Json["conflict_ids"]!.AsArray().Select(n => (string?)n).ShouldBe(["known", "new"]);
        (await caller.AskAsync("/v1/conflicts")).Json["conflicts"]!.AsArray().Select(c => c!["sent"]!["properties"]!.ToJsonString()).ShouldBe(["""{"n":3}""", """{"n":2}"""], ignoreOrder: true);
    }

    [Fact]
    public async Task No_more_than_a_hundred_conflicts_are_named()
    {
        var caller = app.NewOrganization();
        await caller.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 150).Select(i => Requests.Event($"t-{i}"))));
        var answer = await caller.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 150).Select(i => Requests.Event($"t-{i}", """{"n":2}"""))));
        Counts(answer).ShouldBe((0, 0, 150, 0));
        answer.Json["conflict_ids"]!.AsArray().Count.ShouldBe(100);
    }

    [Fact]
    public async Task One_bad_event_refuses_the_batch_and_every_fault_is_named()
    {
        var caller = app.NewOrganization();
        var answer = await caller.PostBatchAsync(Requests.Batch(
            Requests.Event("good"), Requests.Event("late", timestamp: "\"2026-01-01T00:00:00\""), """{"transaction_id":"x","code":7,"timestamp":true,"properties":[],"colour":1}""", "17", Requests.Event("good-2")));
        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Code.ShouldBe("validation_failed");
        answer.Pointers.ShouldBe(["/events/1/timestamp", "/events/2/code", "/events/2/timestamp", "/events/2/properties", "/events/2/colour", "/events/2/external_customer_id", "/events/3"]);
        answer.PositionHeader.ShouldBeNull();
        (await caller.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Partial_takes_the_good_events()
    {
        var caller = app.NewOrganization();
        var answer = await caller.PostBatchAsync(
            Requests.Batch(Requests.Event("a"), Requests.Event("", """{"secret":1}"""), Requests.Event("b"), """{"transaction_id":"c"}"""), partial: true);
        answer.Status.ShouldBe(HttpStatusCode.Created);
        Counts(answer).ShouldBe((2, 0, 0, 2));
        answer.Pointers.ShouldBe(["/events/1/transaction_id", "/events/3/external_customer_id", "/events/3/code"]);
        (await caller.CountAsync()).ShouldBe(2);

        var none = await caller.PostBatchAsync(Requests.Batch("{}", "{}"), partial: true);
        none.Status.ShouldBe(HttpStatusCode.Created);
        Counts(none).ShouldBe((0, 0, 0, 2));
        none.Position.ShouldBe(0);
    }

    [Fact]
    public async Task A_hundred_faults_are_listed_and_all_are_counted()
    {
        var caller = app.NewOrganization();
        var answer = await caller.PostBatchAsync(Requests.Batch(Enumerable.Repeat("{}", 1000)), partial: true);
        Counts(answer).ShouldBe((0, 0, 0, 1000));
        answer.Pointers.Count.ShouldBe(100);
        (await caller.PostBatchAsync(Requests.Batch(Enumerable.Repeat("{}", 1000)))).Pointers.Count.ShouldBe(100);
    }

    [Fact]
    public async Task Ten_thousand_events_are_a_batch_and_one_more_is_not()
    {
        var caller = app.NewOrganization();
        var events = Enumerable.Range(0, 10_001).Select(i => Requests.Event($"t-{i}")).ToList();
        var over = await caller.PostBatchAsync(Requests.Batch(events));
        over.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        over.Pointers.ShouldBe(["/events"]);
        (await caller.PostBatchAsync(Requests.Batch(events), partial: true)).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await caller.CountAsync()).ShouldBe(0);
        Counts(await caller.PostBatchAsync(Requests.Batch(events.Take(10_000)))).ShouldBe((10_000, 0, 0, 0));
        (await caller.CountAsync()).ShouldBe(10_000);
    }

    [Theory]
    [InlineData("maybe")]
    [InlineData("")]
    [InlineData("TRUE")]
    public async Task Partial_is_true_or_false(string partial)
    {
        var answer = await app.NewOrganization().SendAsync("/v1/events/batch?partial=" + partial, "{}"u8.ToArray());
        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Pointers.ShouldBe(["partial"]);
    }

    private static (int Ingested, int Duplicates, int Conflicts, int Rejected) Counts(Answer answer)
    {
        answer.Status.ShouldBe(HttpStatusCode.Created, answer.Detail);
        return ((int)answer.Json["ingested"]!, (int)answer.Json["duplicates"]!, (int)answer.Json["conflicts"]!, (int)answer.Json["rejected"]!);
    }
}

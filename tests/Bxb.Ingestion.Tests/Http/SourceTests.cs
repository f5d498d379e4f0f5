using System.Net;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Ingestion.Tests.Http;

/// <summary>Two sources that number their events alike.</summary>
[Collection(IngestionCollection.Name)]
public sealed class SourceTests(IngestionApp app)
{
    [Fact]
    public async Task The_event_without_a_source_answers_first_and_otherwise_the_source_is_asked_for()
    {
        var organization = IngestionApp.NewOrganizationId();
        var caller = app.Caller(organization);
        await AppendAsync(organization, "s1");
        ((string?)(await caller.AskAsync("/v1/events/1")).Json["source"]).ShouldBe("s1");

        await AppendAsync(organization, "s2");
        var unclear = await caller.AskAsync("/v1/events/1");
        unclear.Status.ShouldBe(HttpStatusCode.Conflict);
        unclear.Code.ShouldBe("source_needed");
        ((string?)(await caller.AskAsync("/v1/events/1?source=s2")).Json["source"]).ShouldBe("s2");

        (await caller.PostEventAsync(Requests.Event("1"))).Status.ShouldBe(HttpStatusCode.Created);
        (await caller.AskAsync("/v1/events/1")).Json.ContainsKey("source").ShouldBeFalse();
        (await caller.AskAsync("/v1/events/1?source=")).Json.ContainsKey("source").ShouldBeFalse();
    }

    private async Task AppendAsync(int organization, string source)
    {
        using var block = AppendBlock.Rent(organization);
        var pending = new PendingEvent
        {
            Source = block.Append(System.Text.Encoding.UTF8.GetBytes(source)), TransactionId = block.Append("1"u8), ExternalCustomerId = block.Append("c"u8),
            Code = block.Append("a"u8), Properties = block.Append("{}"u8), Kind = EventKind.Recorded,
        };
        pending.Digest = EventDigest.Compute(block, in pending);
        block.Add(in pending);
        await app.Provider.GetRequiredService<EventLogAppender>().AppendAsync(block, CancellationToken.None);
    }
}

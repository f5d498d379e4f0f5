using Bxb.EventLog.Appending;
using Bxb.Ingestion.Rules;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>POST /v1/events/batch: up to 10,000 events, all or none of them unless <c>partial=true</c>. A batch with duplicates and conflicts succeeds.</summary>
internal sealed class PostBatch(EventIntake intake, IngestionOptions options) : IApiCall
{
    private const int MostConflictIds = 100;

    public async Task AnswerAsync(HttpContext context)
    {
        var partial = Partial(context);
        using var taken = await intake.TakeBatchAsync(context, partial);
        if (taken.Refusal is { } refusal)
        {
            await JsonAnswer.RefuseAsync(context, refusal, options.RetryAfter);
            return;
        }

        JsonAnswer.SetPosition(context, taken.Position);
        var writer = JsonAnswer.Begin(context, StatusCodes.Status201Created);
        writer.WriteStartObject();
        writer.WriteNumber("ingested"u8, taken.Recorded);
        writer.WriteNumber("duplicates"u8, taken.Duplicates);
        writer.WriteNumber("conflicts"u8, taken.Conflicts);
        writer.WriteNumber("rejected"u8, taken.Rejected);
        writer.WriteNumber("position"u8, taken.Position);
        if (taken.Conflicts > 0)
        {
            WriteConflictIds(writer, taken.Block!);
        }

        if (taken.Rejected > 0)
        {
            WriteFaults(writer, taken.Faults);
        }

        writer.WriteEndObject();
        await JsonAnswer.SendAsync(context, writer);
    }

    private static bool Partial(HttpContext context) => context.Request.QueryString.HasValue && ApiQuery.Text(context, "partial") switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw ApiQuery.Invalid("partial", "must be true or false"),
    };

    private static void WriteConflictIds(System.Text.Json.Utf8JsonWriter writer, AppendBlock block)
    {
        writer.WriteStartArray("conflict_ids"u8);
        var room = MostConflictIds;
        foreach (ref readonly var pending in block.Events)
        {
            if (pending.Outcome == AppendOutcome.Conflict && room-- > 0)
            {
                writer.WriteStringValue(block.Text(pending.TransactionId));
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteFaults(System.Text.Json.Utf8JsonWriter writer, EventFaults faults)
    {
        writer.WriteStartArray("errors"u8);
        foreach (var fault in faults.Listed)
        {
            writer.WriteStartObject();
            writer.WriteString("pointer"u8, fault.Pointer);
            writer.WriteString("reason"u8, fault.Reason);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

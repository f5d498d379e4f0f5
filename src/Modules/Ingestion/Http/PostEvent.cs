using System.Text;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Reading;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>POST /v1/events: one event. 201 if it is new, 200 for a duplicate, 409 for a conflict.</summary>
internal sealed class PostEvent(EventIntake intake, EventLogQueries queries, IngestionOptions options) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        using var taken = await intake.TakeEventAsync(context);
        if (taken.Refusal is { } refusal)
        {
            await JsonAnswer.RefuseAsync(context, refusal, options.RetryAfter);
            return;
        }

        JsonAnswer.SetPosition(context, taken.Position);
        if (taken.Conflicts > 0)
        {
            await AnswerConflictAsync(context, taken);
            return;
        }

        var isNew = taken.Recorded > 0;
        var writer = JsonAnswer.Begin(context, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
        writer.WriteStartObject();
        writer.WriteString("transaction_id"u8, taken.Block!.Text(taken.Block.Events[0].TransactionId));
        writer.WriteNumber("position"u8, taken.Position);
        writer.WriteString("status"u8, isNew ? "recorded"u8 : "duplicate"u8);
        writer.WriteEndObject();
        await JsonAnswer.SendAsync(context, writer);
    }

    private async Task AnswerConflictAsync(HttpContext context, TakenEvents taken)
    {
        var block = taken.Block!;
        var id = Encoding.UTF8.GetString(block.Text(block.Events[0].TransactionId));
        var source = Encoding.UTF8.GetString(block.Text(block.Events[0].Source));
        var recorded = await EventLogCalls.AskAsync(queries.FindAsync(block.OrganizationId, id, source, context.RequestAborted));
        await ProblemDocument.WriteAsync(
            context, ErrorCode.EventConflict, "The event was recorded with other content, which stays. The event sent now is among the conflicts.",
            extra: writer =>
            {
                // Retention may have dropped the event; its identity stays known.
                if (recorded.Count > 0)
                {
                    writer.WritePropertyName("recorded"u8);
                    EventJson.Write(writer, recorded[0]);
                }
            });
    }
}

using Bxb.EventLog.Reading;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>GET /v1/conflicts: events that were sent again with other content, with the recorded ones; newest first.</summary>
internal sealed class ListConflicts(EventLogQueries queries, IngestionOptions options) : IApiCall
{
    private const string List = "conflicts";

    public async Task AnswerAsync(HttpContext context)
    {
        var organization = context.Caller().OrganizationId;
        var limit = ApiQuery.Limit(context, 50, 1000);
        var before = PageCursor.ReadNumber(context, List, organization);
        var (conflicts, isLast) = await ListPage.ReadAsync<EventConflict>(
            (last, count) => queries.ConflictsAsync(organization, last?.Id ?? before, count, context.RequestAborted),
            static c => c.Recorded.Properties.Length + c.Sent.Properties.Length, limit, options.MaxPageBytes);
        var writer = JsonAnswer.Begin(context, StatusCodes.Status200OK);
        writer.WriteStartObject();
        writer.WriteStartArray("conflicts"u8);
        foreach (var conflict in conflicts)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("recorded"u8);
            EventJson.Write(writer, conflict.Recorded);
            writer.WritePropertyName("sent"u8);
            EventJson.WriteSent(writer, conflict.Sent);
            writer.WriteString("at"u8, ApiTime.Format(conflict.At));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (!isLast)
        {
            writer.WriteString("next_cursor"u8, PageCursor.After(List, organization, conflicts[^1].Id));
        }

        writer.WriteEndObject();
        await JsonAnswer.SendAsync(context, writer);
    }
}

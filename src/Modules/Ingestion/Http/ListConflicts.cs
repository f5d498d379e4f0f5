using Bxb.EventLog.Reading;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>GET /v1/conflicts: events that came again with other content, beside the ones that stand. The newest first.</summary>
internal sealed class ListConflicts(EventLogQueries queries, IngestionOptions options) : IApiCall
{
    private const string List = "conflicts";
    private const int Slice = 100;

    public async Task AnswerAsync(HttpContext context)
    {
        var organization = context.Caller().OrganizationId;
        var limit = ApiQuery.Limit(context, 50, 1000);
        var before = PageCursor.Read(context, List, organization);
        var (conflicts, isLast) = await PageAsync(organization, before, limit, context.RequestAborted);
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

    private async Task<(List<EventConflict> Conflicts, bool IsLast)> PageAsync(int organization, long? before, int limit, CancellationToken cancellation)
    {
        var page = new List<EventConflict>();
        long bytes = 0;
        while (true)
        {
            var asked = Math.Min(limit - page.Count, Slice) + 1;
            var slice = await EventLogCalls.AskAsync(queries.ConflictsAsync(organization, before, asked, cancellation));
            var shown = slice.Take(asked - 1).ToList();
            page.AddRange(shown);
            bytes += shown.Sum(static c => (long)c.Recorded.Properties.Length + c.Sent.Properties.Length);
            if (slice.Count < asked)
            {
                return (page, true);
            }

            if (page.Count >= limit || bytes >= options.MaxPageBytes)
            {
                return (page, false);
            }

            before = page[^1].Id;
        }
    }
}

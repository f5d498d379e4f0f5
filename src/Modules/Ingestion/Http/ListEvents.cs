using System.Text;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Ingestion.Intake;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>GET /v1/events: events of the organization, the newest position first, a page at a time.</summary>
internal sealed class ListEvents(EventLogQueries queries, IngestionOptions options) : IApiCall
{
    private const string List = "events";

    /// <summary>What is asked of the log at once, so that a page of large events never stands whole in memory before it is cut.</summary>
    private const int Slice = 100;

    /// <summary>What the call may be asked.</summary>
    public static QueryParameter[] Parameters { get; } =
    [
        new("code", "Only events of this type."),
        new("external_customer_id", "Only events of this customer."),
        new("from", "Only events at or after this time. " + QueryParameter.TimeForms),
        new("to", "Only events before this time. Equal to from: an empty page."),
        QueryParameter.Limit(50, 1000),
        QueryParameter.Cursor,
    ];

    public async Task AnswerAsync(HttpContext context)
    {
        var organization = context.Caller().OrganizationId;
        var limit = ApiQuery.Limit(context, 50, 1000);
        var filter = new EventListFilter(organization)
        {
            Code = Text(context, "code"),
            ExternalCustomerId = Text(context, "external_customer_id"),
            From = ApiQuery.Time(context, "from"),
            To = ApiQuery.Time(context, "to"),
            BeforePosition = PageCursor.Read(context, List, organization),
        };
        if (filter.To < filter.From)
        {
            throw ApiQuery.Reversed("to");
        }

        var (events, isLast) = await PageAsync(filter, limit, context.RequestAborted);
        var writer = JsonAnswer.Begin(context, StatusCodes.Status200OK);
        writer.WriteStartObject();
        writer.WriteStartArray("events"u8);
        foreach (var seen in events)
        {
            EventJson.Write(writer, seen);
        }

        writer.WriteEndArray();
        if (!isLast)
        {
            writer.WriteString("next_cursor"u8, PageCursor.After(List, organization, events[^1].Position));
        }

        writer.WriteEndObject();
        await JsonAnswer.SendAsync(context, writer);
    }

    /// <summary>Collects a page: up to the limit, or until it is heavy enough.</summary>
    private async Task<(List<UsageEvent> Events, bool IsLast)> PageAsync(EventListFilter filter, int limit, CancellationToken cancellation)
    {
        var page = new List<UsageEvent>();
        long bytes = 0;
        while (true)
        {
            // One more than the page: whether there is a next page.
            var asked = Math.Min(limit - page.Count, Slice) + 1;
            var slice = await EventLogCalls.AskAsync(queries.ListAsync(filter with { Limit = asked }, cancellation));
            var shown = slice.Take(asked - 1).ToList();
            page.AddRange(shown);
            bytes += shown.Sum(static e => (long)e.Properties.Length);
            if (slice.Count < asked)
            {
                return (page, true);
            }

            if (page.Count >= limit || bytes >= options.MaxPageBytes)
            {
                return (page, false);
            }

            filter = filter with { BeforePosition = page[^1].Position };
        }
    }

    private static string? Text(HttpContext context, string name)
        => ApiQuery.Text(context, name) is not { } text ? null : TextRule.Fault(Encoding.UTF8.GetBytes(text)) is null ? text : throw ApiQuery.Invalid(name, "must be text of 1 to 255 characters");
}

using System.Text;
using Bxb.EventLog.Reading;
using Bxb.EventLog.Records;
using Bxb.Ingestion.Rules;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>GET /v1/events: a page of the events of the organization, newest position first.</summary>
internal sealed class ListEvents(EventLogQueries queries, IngestionOptions options) : IApiCall
{
    private const string List = "events";

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
            BeforePosition = PageCursor.ReadNumber(context, List, organization),
        };
        if (filter.To < filter.From)
        {
            throw ApiQuery.Reversed("to");
        }

        var (events, isLast) = await ListPage.ReadAsync<UsageEvent>(
            (last, count) => queries.ListAsync(filter with { BeforePosition = last?.Position ?? filter.BeforePosition, Limit = count }, context.RequestAborted),
            static e => e.Properties.Length, limit, options.MaxPageBytes);
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

    private static string? Text(HttpContext context, string name)
        => ApiQuery.Text(context, name) is not { } text ? null : TextRule.Fault(Encoding.UTF8.GetBytes(text)) is null ? text : throw ApiQuery.Invalid(name, "must be text of 1 to 255 characters");
}

using Bxb.EventLog.Reading;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>
/// GET /v1/events/{transaction_id}: one event by its transaction id. If several sources share the id, the event without a source is returned; if there is none, the
/// caller must name the source: 409.
/// </summary>
internal sealed class GetEvent(EventLogQueries queries) : IApiCall
{
    /// <summary>The number of segments before the id: v1 and events.</summary>
    private const int IdSegment = 2;

    public async Task AnswerAsync(HttpContext context)
    {
        var source = ApiQuery.Text(context, "source");
        var id = Id(context);
        if (id is null || id.Contains('\0', StringComparison.Ordinal) || source?.Contains('\0', StringComparison.Ordinal) == true)
        {
            throw NotFound();
        }

        var found = await EventLogCalls.AskAsync(queries.FindAsync(context.Caller().OrganizationId, id, source, context.RequestAborted));
        var seen = found.Count == 1 ? found[0] : found.FirstOrDefault(static e => e.Source.Length == 0);
        if (seen is null)
        {
            throw found.Count == 0 ? NotFound() : new ApiException(ErrorCode.SourceNeeded, "Several sources have an event with this id. Name one with the parameter source.");
        }

        var writer = JsonAnswer.Begin(context, StatusCodes.Status200OK);
        EventJson.Write(writer, seen);
        await JsonAnswer.SendAsync(context, writer);
    }

    /// <summary>The id, which can contain encoded and plain slashes.</summary>
    private static string? Id(HttpContext context)
    {
        var routed = (string?)context.Request.RouteValues["transaction_id"] ?? "";
        var segments = new string?[routed.Count(static c => c == '/') + 1];
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = PathText.Segment(context, IdSegment + i);
        }

        return Array.TrueForAll(segments, static s => s is not null) ? string.Join('/', segments) : null;
    }

    private static ApiException NotFound() => new(ErrorCode.NotFound, "There is no event with this id.");
}

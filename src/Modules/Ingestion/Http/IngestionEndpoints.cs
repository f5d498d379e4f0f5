using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Bxb.Ingestion.Http;

/// <summary>The event calls: routes, scopes and descriptions.</summary>
internal static class IngestionEndpoints
{
    private static readonly ErrorCode[] IngestErrors =
    [
        .. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.TooManyRequests, ErrorCode.Unavailable,
    ];

    private static readonly ErrorCode[] ReadErrors = [ErrorCode.InvalidParameter, ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.Unavailable];

    public static void MapIngestion(this IEndpointRouteBuilder endpoints)
    {
        Map<PostEvent>(endpoints, HttpMethods.Post, "/v1/events", "PostEvent", "Record one event.")
            .RequireScope(ApiScopes.Ingest).AllowQuery().Describes<EventToSend>()
            .Gives<EventTaken>(StatusCodes.Status201Created, "Recorded. The header Bxb-Position has the highest position.")
            .Gives<EventTaken>(StatusCodes.Status200OK, "Recorded before with the same content.")
            .Gives<EventConflictProblem>(StatusCodes.Status409Conflict, $"`{ErrorCode.EventConflict.Code}`: {ErrorCode.EventConflict.Title}", "application/problem+json")
            .Problems(IngestErrors);
        Map<PostBatch>(endpoints, HttpMethods.Post, "/v1/events/batch", "PostEventBatch", "Record up to 10,000 events, all or none.")
            .RequireScope(ApiScopes.Ingest)
            .AllowQuery(new QueryParameter("partial", "true: record the valid events and list the others. Default false.", JsonSchemaType.Boolean)).Describes<BatchToSend>()
            .Gives<BatchTaken>(StatusCodes.Status201Created, "Accepted. The header Bxb-Position has the highest position.")
            .Problems(IngestErrors);
        Map<ListEvents>(endpoints, HttpMethods.Get, "/v1/events", "ListEvents", "List events, the newest position first.")
            .RequireScope(ApiScopes.Read).AllowQuery(ListEvents.Parameters)
            .Gives<EventPage>(StatusCodes.Status200OK, "A page of events.").Problems([.. ReadErrors, ErrorCode.ValidationFailed]);
        Map<GetEvent>(endpoints, HttpMethods.Get, "/v1/events/{**transaction_id}", "GetEvent", "Read one event.")
            .RequireScope(ApiScopes.Read)
            .AllowQuery(new QueryParameter("source", "The source of the event, if several sources share an id. Empty for an event without a source, which is also the default."))
            .DescribePath("transaction_id", "The event's id, URL-encoded.")
            .Gives<EventSeen>(StatusCodes.Status200OK, "The event.").Problems([.. ReadErrors, ErrorCode.NotFound, ErrorCode.SourceNeeded]);
        Map<ListConflicts>(endpoints, HttpMethods.Get, "/v1/conflicts", "ListConflicts", "List events that were sent again with other content, the newest first.")
            .RequireScope(ApiScopes.Read).AllowQuery(QueryParameter.Limit(50, 1000), QueryParameter.Cursor)
            .Gives<ConflictPage>(StatusCodes.Status200OK, "A page of conflicts.").Problems(ReadErrors);
    }

    private static IEndpointConventionBuilder Map<TCall>(IEndpointRouteBuilder endpoints, string method, string path, string name, string summary)
        where TCall : class, IApiCall
        => endpoints.MapCall<TCall>(method, path).WithName(name).WithSummary(summary).WithTags("Events");

    /// <summary>Documents the JSON body without routing by its media type. The reader of the body refuses other types after authentication.</summary>
    private static IEndpointConventionBuilder Describes<TBody>(this IEndpointConventionBuilder endpoint)
        => endpoint.AddOpenApiOperationTransformer(static async (operation, context, cancellation) =>
        {
            var schema = await context.GetOrCreateSchemaAsync(typeof(TBody), parameterDescription: null, cancellation);
            context.Document!.AddComponent(typeof(TBody).Name, schema);
            var reference = new OpenApiSchemaReference(typeof(TBody).Name, context.Document);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [ApiCalls.Json] = new() { Schema = reference } },
            };
        });
}

using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Bxb.Ingestion.Http;

/// <summary>The event calls. They are plain request delegates, without binding on the way; what the API document says of them stands here by hand.</summary>
internal static class IngestionEndpoints
{
    private static readonly ErrorCode[] IngestErrors =
    [
        .. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.TooManyRequests, ErrorCode.Unavailable,
    ];

    private static readonly ErrorCode[] ReadErrors = [ErrorCode.InvalidParameter, ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.Unavailable];

    public static void MapIngestion(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        Map(endpoints.MapPost("/v1/events", services.GetRequiredService<PostEvent>().AnswerAsync), "PostEvent", "Record one event.")
            .RequireScope(ApiScopes.Ingest).AllowQuery().Takes<EventToSend>()
            .Gives<EventTaken>(StatusCodes.Status201Created, "Recorded. The header Bxb-Position says how far.")
            .Gives<EventTaken>(StatusCodes.Status200OK, "Known already, with the same content.")
            .WithMetadata(new Answer(StatusCodes.Status409Conflict, typeof(EventConflictProblem), $"`{ErrorCode.EventConflict.Code}`: {ErrorCode.EventConflict.Title}", "application/problem+json"))
            .Problems(IngestErrors);
        Map(endpoints.MapPost("/v1/events/batch", services.GetRequiredService<PostBatch>().AnswerAsync), "PostEventBatch", "Record up to 10,000 events, all or none.")
            .RequireScope(ApiScopes.Ingest)
            .AllowQuery(new QueryParameter("partial", "true: take the good events and list the bad ones. Default false.", JsonSchemaType.Boolean)).Takes<BatchToSend>()
            .Gives<BatchTaken>(StatusCodes.Status201Created, "Taken in. The header Bxb-Position says how far.")
            .Problems(IngestErrors);
        Map(endpoints.MapGet("/v1/events", services.GetRequiredService<ListEvents>().AnswerAsync), "ListEvents", "List events, the newest position first.")
            .RequireScope(ApiScopes.Read).AllowQuery(ListEvents.Parameters)
            .Gives<EventPage>(StatusCodes.Status200OK, "A page of events.").Problems([.. ReadErrors, ErrorCode.ValidationFailed]);
        Map(endpoints.MapGet("/v1/events/{**transaction_id}", services.GetRequiredService<GetEvent>().AnswerAsync), "GetEvent", "Read one event.")
            .RequireScope(ApiScopes.Read)
            .AllowQuery(new QueryParameter("source", "Whose event it is, where two sources share an id; empty for events that came without a source, and those come first when it is left out."))
            .DescribePath("transaction_id", "The event's id, URL-encoded.")
            .Gives<EventSeen>(StatusCodes.Status200OK, "The event.").Problems([.. ReadErrors, ErrorCode.NotFound, ErrorCode.SourceNeeded]);
        Map(endpoints.MapGet("/v1/conflicts", services.GetRequiredService<ListConflicts>().AnswerAsync), "ListConflicts", "List events that came again with other content, the newest first.")
            .RequireScope(ApiScopes.Read).AllowQuery(QueryParameter.Limit(50, 1000), QueryParameter.Cursor)
            .Gives<ConflictPage>(StatusCodes.Status200OK, "A page of conflicts.").Problems(ReadErrors);
    }

    /// <summary>Names the call. The API document leaves request delegates out unless they carry their method.</summary>
    private static IEndpointConventionBuilder Map(IEndpointConventionBuilder endpoint, string name, string summary)
    {
        endpoint.Add(static builder => builder.Metadata.Add(builder.RequestDelegate!.Method));
        return endpoint.WithName(name).WithSummary(summary).WithTags("Events");
    }

    /// <summary>Describes the body without routing by it: what is wrong with a media type is the reader's to say, after authentication.</summary>
    private static IEndpointConventionBuilder Takes<TBody>(this IEndpointConventionBuilder endpoint)
        => endpoint.AddOpenApiOperationTransformer(static async (operation, context, cancellation) =>
        {
            var schema = await context.GetOrCreateSchemaAsync(typeof(TBody), parameterDescription: null, cancellation);
            context.Document!.AddComponent(typeof(TBody).Name, schema);
            var reference = new OpenApiSchemaReference(typeof(TBody).Name, context.Document);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { ["application/json"] = new() { Schema = reference } },
            };
        });

    private static IEndpointConventionBuilder Gives<TBody>(this IEndpointConventionBuilder endpoint, int status, string description)
        => endpoint.WithMetadata(new Answer(status, typeof(TBody), description));

    private sealed record Answer(int StatusCode, Type? Type, string? Description, string ContentType = "application/json") : IProducesResponseTypeMetadata
    {
        public IEnumerable<string> ContentTypes => [ContentType];
    }
}

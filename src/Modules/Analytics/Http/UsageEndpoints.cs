using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Analytics.Http;

/// <summary><c>GET /v1/usage</c> and <c>POST /v1/usage/query</c>.</summary>
internal static class UsageEndpoints
{
    private const string Description =
        "Aggregates the events of a metric over a range of event time. The answer covers at least min_position. To read your own writes, send the header Bxb-Position of an ingest "
        + "answer as min_position. store names the store that answered; both stores give the same answer. All events up to as_of_position are counted. From postgresql no later event is "
        + "counted; from clickhouse events loaded during the query can be.";

    private static readonly ErrorCode[] Errors =
    [
        ErrorCode.InvalidParameter, ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.NotFound, ErrorCode.ValidationFailed, ErrorCode.PositionBeyondHead,
        ErrorCode.AnswerTooLarge, ErrorCode.Unavailable, ErrorCode.PositionNotReached,
    ];

    public static void MapUsage(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapCall<GetUsage>(HttpMethods.Get, "/v1/usage")
            .AllowQuery(UsageQueryString.Parameters)
            .RequireScope(ApiScopes.Read)
            .WithTags("Usage").WithName("GetUsage").WithSummary("Usage of a metric").WithDescription(Description)
            .Gives<UsageAnswerBody>().Problems(Errors);
        endpoints.MapCall<QueryUsage>(HttpMethods.Post, "/v1/usage/query")
            .AllowQuery()
            .RequireScope(ApiScopes.Read)
            .WithTags("Usage").WithName("QueryUsage").WithSummary("Usage of a metric, asked for as JSON").WithDescription(Description)
            .Takes<UsageQueryBody>()
            .Gives<UsageAnswerBody>().Problems([.. Errors, .. ApiBody.Errors]);
    }
}

using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

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
        endpoints.MapGet("/v1/usage", (Delegate)AskAsync)
            .AllowQuery(UsageQueryString.Parameters)
            .RequireScope(ApiScopes.Read)
            .WithTags("Usage").WithName("GetUsage").WithSummary("Usage of a metric").WithDescription(Description)
            .Produces<UsageAnswerBody>().Problems(Errors);
        endpoints.MapPost("/v1/usage/query", (Delegate)QueryAsync)
            .AllowQuery()
            .RequireScope(ApiScopes.Read)
            .WithTags("Usage").WithName("QueryUsage").WithSummary("Usage of a metric, asked for as JSON").WithDescription(Description)
            .Accepts<UsageQueryBody>("application/json")
            .Produces<UsageAnswerBody>().Problems([.. Errors, .. ApiBody.Errors]);
    }

    private static Task AskAsync(HttpContext context) => AnswerAsync(context, UsageQueryString.Read(context));

    private static async Task QueryAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync<UsageQueryBody>(context, context.RequestServices.GetRequiredService<UsageQueryOptions>().MaxBodyBytes);
        await AnswerAsync(context, body.Read());
    }

    private static async Task AnswerAsync(HttpContext context, UsageRequest request)
    {
        var services = context.RequestServices;
        var metric = await services.GetRequiredService<BillableMetricCatalog>().FindAsync(context.Caller().OrganizationId, request.MetricCode, context.RequestAborted)
            ?? throw new ApiException(ErrorCode.NotFound, $"There is no billable metric '{Shorten(request.MetricCode)}'.");
        var answer = await services.GetRequiredService<UsageAnswering>().AnswerAsync(request, metric, context.RequestAborted);
        await UsageAnswerWriter.WriteAsync(context, answer);
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "...");
}

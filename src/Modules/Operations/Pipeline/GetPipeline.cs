using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Operations.Pipeline;

/// <summary><c>GET /v1/pipeline</c>.</summary>
internal sealed class GetPipeline(PipelineView pipeline) : IApiCall
{
    public async Task AnswerAsync(HttpContext context) => await context.AnswerAsync(await pipeline.ReadAsync(context.RequestAborted));
}

/// <summary>Maps <c>/v1/pipeline</c>.</summary>
internal static class PipelineEndpoints
{
    public static void MapPipeline(this IEndpointRouteBuilder endpoints) => endpoints
        .MapCall<GetPipeline>(HttpMethods.Get, "/v1/pipeline")
        .AllowQuery()
        .RequireScope(ApiScopes.Manage | ApiScopes.Admin)
        .WithName("GetPipeline").WithTags("Operation").WithSummary("Progress of the relay and the consumer groups, running replays, and the state of the stores.")
        .WithDescription("Answers within a second, even while a store is away. A part that was not known in time has its last known value, and stale names it.")
        .Gives<PipelineAnswer>();
}

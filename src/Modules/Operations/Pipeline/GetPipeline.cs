using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Operations.Pipeline;

/// <summary><c>GET /v1/pipeline</c>: where the relay and every consumer group stand, which replays run, and whether the stores answer.</summary>
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
        .WithName("GetPipeline").WithTags("Operation").WithSummary("Where the relay and every consumer group stand, and whether the stores answer.")
        .WithDescription("Answers within a second, whatever is away. What could not be told in time is told as it was last known, and named in stale.")
        .Gives<PipelineAnswer>();
}

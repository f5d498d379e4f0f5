using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Bxb.Operations.Replay;

/// <summary>
/// <c>/v1/pipeline/groups/{group}/replays</c>. A group holds the events of all organizations, so starting and cancelling need the admin token. A host without an admin token has one organization,
/// and the scope manage is enough.
/// </summary>
internal static class ReplayEndpoints
{
    public static void MapReplays(this IEndpointRouteBuilder endpoints)
    {
        var hasAdmin = endpoints.ServiceProvider.GetRequiredService<IOptions<AdminOptions>>().Value.AdminToken is { Length: > 0 };
        var needed = hasAdmin ? ApiScopes.Admin : ApiScopes.Manage;
        var group = endpoints.MapGroup("/v1/pipeline/groups/{group}").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        group.MapCall<StartReplay>(HttpMethods.Post, "/replay").RequireScope(needed)
            .AllowQuery().DescribePath("group", "The consumer group.").Takes<ReplayBody>()
            .WithName("StartReplay").WithSummary("Delivers events to a consumer group again.")
            .Gives<ReplayAnswer>(StatusCodes.Status202Accepted)
            .Problems([.. ApiBody.Errors, ErrorCode.PositionBeyondHead, ErrorCode.NotFound, ErrorCode.ReplayRunning]);
        group.MapCall<ListReplays>(HttpMethods.Get, "/replays")
            .AllowQuery().DescribePath("group", "The consumer group.")
            .WithName("ListReplays").WithSummary("Lists the replays of a consumer group, the newest first; at most 100.")
            .Gives<ReplayList>().Problems(ErrorCode.NotFound);
        group.MapCall<GetReplay>(HttpMethods.Get, "/replays/{id}")
            .AllowQuery().DescribePath("group", "The consumer group.").DescribePath("id", "The replay's number.")
            .WithName("GetReplay").WithSummary("Shows a replay and its progress.")
            .Gives<ReplayAnswer>().Problems(ErrorCode.NotFound);
        group.MapCall<CancelReplay>(HttpMethods.Delete, "/replays/{id}").RequireScope(needed)
            .AllowQuery().DescribePath("group", "The consumer group.").DescribePath("id", "The replay's number.")
            .WithName("CancelReplay").WithSummary("Cancels a replay. The group continues from its progress before the replay.")
            .Gives<ReplayAnswer>().Problems(ErrorCode.NotFound, ErrorCode.TooLate);
    }
}

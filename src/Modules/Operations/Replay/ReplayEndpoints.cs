using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Operations.Replay;

/// <summary>
/// <c>/v1/pipeline/groups/{group}/replays</c>. Starting and cancelling need the admin token, because a group holds the events of all organizations; on a host without an admin token, where there is
/// one organization, the scope manage is enough.
/// </summary>
internal static class ReplayEndpoints
{
    public static void MapReplays(this IEndpointRouteBuilder endpoints)
    {
        var needed = endpoints.ServiceProvider.GetRequiredService<ReplayScope>().Needed;
        var group = endpoints.MapGroup("/v1/pipeline/groups/{group}").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        group.MapCall<StartReplay>(HttpMethods.Post, "/replay").RequireScope(needed)
            .AllowQuery().DescribePath("group", "The consumer group.").Takes<ReplayBody>()
            .WithName("StartReplay").WithSummary("Delivers again what a consumer group has processed.")
            .Gives<ReplayAnswer>(StatusCodes.Status202Accepted)
            .Problems([.. ApiBody.Errors, ErrorCode.PositionBeyondHead, ErrorCode.NotFound, ErrorCode.ReplayRunning]);
        group.MapCall<ListReplays>(HttpMethods.Get, "/replays")
            .AllowQuery().DescribePath("group", "The consumer group.")
            .WithName("ListReplays").WithSummary("The replays of a consumer group, the newest first; at most 100.")
            .Gives<ReplayList>().Problems(ErrorCode.NotFound);
        group.MapCall<GetReplay>(HttpMethods.Get, "/replays/{id}")
            .AllowQuery().DescribePath("group", "The consumer group.").DescribePath("id", "The replay's number.")
            .WithName("GetReplay").WithSummary("A replay and how far it is.")
            .Gives<ReplayAnswer>().Problems(ErrorCode.NotFound);
        group.MapCall<CancelReplay>(HttpMethods.Delete, "/replays/{id}").RequireScope(needed)
            .AllowQuery().DescribePath("group", "The consumer group.").DescribePath("id", "The replay's number.")
            .WithName("CancelReplay").WithSummary("Ends a replay early; the group goes on from where it was.")
            .Gives<ReplayAnswer>().Problems(ErrorCode.NotFound, ErrorCode.TooLate);
    }
}

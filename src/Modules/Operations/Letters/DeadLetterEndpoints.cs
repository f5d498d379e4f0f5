using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Operations.Letters;

/// <summary>
/// <c>/v1/dead_letters</c>: records that consumer groups could not process. An API key sees the dead letters of its own organization; the admin token all.
/// </summary>
internal static class DeadLetterEndpoints
{
    public static void MapDeadLetters(this IEndpointRouteBuilder endpoints)
    {
        var letters = endpoints.MapGroup("/v1/dead_letters").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        letters.MapCall<ListDeadLetters>(HttpMethods.Get, "")
            .AllowQuery(
                new QueryParameter("group", "Of this consumer group."), new QueryParameter("code", "Of events of this code."),
                new QueryParameter("since", "First failed at or after this time. " + QueryParameter.TimeForms), QueryParameter.Limit(ListDeadLetters.DefaultLimit, ListDeadLetters.MaxLimit), QueryParameter.Cursor)
            .WithName("ListDeadLetters").WithSummary("The records that consumer groups could not process, the newest first.")
            .Gives<DeadLetterPage>().Problems(ErrorCode.InvalidParameter);
        letters.MapCall<RequeueDeadLetters>(HttpMethods.Post, "/requeue")
            .AllowQuery().Takes<RequeueRequest>()
            .WithName("RequeueDeadLetters").WithSummary("Delivers dead letters of a group to it again, the oldest first; at most 10,000 at once.")
            .Gives<RequeueAnswer>()
            .Problems([.. ApiBody.Errors]);
        letters.MapCall<RequeueDeadLetter>(HttpMethods.Post, "/{id}/requeue")
            .AllowQuery().DescribePath("id", "The dead letter's number.")
            .WithName("RequeueDeadLetter").WithSummary("Delivers the record to its group again; writes one of the relay to the topic.")
            .Gives<DeadLetterAnswer>().Problems(ErrorCode.NotFound, ErrorCode.NothingToDeliver);
        letters.MapCall<DiscardDeadLetter>(HttpMethods.Post, "/{id}/discard")
            .AllowQuery().DescribePath("id", "The dead letter's number.").Takes<DiscardRequest>()
            .WithName("DiscardDeadLetter").WithSummary("Gives the record up for its group, with a reason.")
            .Gives<DeadLetterAnswer>()
            .Problems([.. ApiBody.Errors, ErrorCode.NotFound]);
    }
}

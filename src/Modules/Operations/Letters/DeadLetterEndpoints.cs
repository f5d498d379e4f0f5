using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Operations.Letters;

/// <summary>
/// <c>/v1/dead_letters</c>: records that consumer groups could not process. An API key sees the dead letters of its organization, the admin token all.
/// </summary>
internal static class DeadLetterEndpoints
{
    public static void MapDeadLetters(this IEndpointRouteBuilder endpoints)
    {
        var letters = endpoints.MapGroup("/v1/dead_letters").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        letters.MapCall<ListDeadLetters>(HttpMethods.Get, "")
            .AllowQuery(
                new QueryParameter("group", "Only dead letters of this consumer group."), new QueryParameter("code", "Only events of this code."),
                new QueryParameter("since", "Only first failures at or after this time. " + QueryParameter.TimeForms),
                QueryParameter.Limit(ListDeadLetters.DefaultLimit, ListDeadLetters.MaxLimit), QueryParameter.Cursor)
            .WithName("ListDeadLetters").WithSummary("Lists the records that consumer groups could not process, the newest first.")
            .Gives<DeadLetterPage>().Problems(ErrorCode.InvalidParameter);
        letters.MapCall<RequeueDeadLetters>(HttpMethods.Post, "/requeue")
            .AllowQuery().Takes<RequeueRequest>()
            .WithName("RequeueDeadLetters").WithSummary("Delivers dead letters to their group again, the oldest first; at most 10,000 in one call.")
            .Gives<RequeueAnswer>()
            .Problems([.. ApiBody.Errors]);
        letters.MapCall<RequeueDeadLetter>(HttpMethods.Post, "/{id}/requeue")
            .AllowQuery().DescribePath("id", "The dead letter's number.")
            .WithName("RequeueDeadLetter").WithSummary("Delivers a record to its group again; with the group relay, writes it to the topic again.")
            .Gives<DeadLetterAnswer>().Problems(ErrorCode.NotFound, ErrorCode.NothingToDeliver);
        letters.MapCall<DiscardDeadLetter>(HttpMethods.Post, "/{id}/discard")
            .AllowQuery().DescribePath("id", "The dead letter's number.").Takes<DiscardRequest>()
            .WithName("DiscardDeadLetter").WithSummary("Discards a record, with a reason. Its group will not process it.")
            .Gives<DeadLetterAnswer>()
            .Problems([.. ApiBody.Errors, ErrorCode.NotFound]);
    }
}

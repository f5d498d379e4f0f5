using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Riders;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary><c>POST /v1/dead_letters/{id}/requeue</c>.</summary>
internal sealed class RequeueDeadLetter(DeadLetterQueue letters) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var letter = await letters.RequeueAsync(context.PathId(), DeadLetterRequest.OrganizationOf(context), context.RequestAborted) ?? throw DeadLetterRequest.NotFound();
        if (letter.Position == 0)
        {
            throw new ApiException(
                ErrorCode.NothingToDeliver, "The record is not a readable event, so it cannot be delivered. Discard it with a reason; its producer can write it again.");
        }

        await context.AnswerAsync(DeadLetterAnswer.Of(letter));
    }
}

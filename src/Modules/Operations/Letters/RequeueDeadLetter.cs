using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Riders;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary><c>POST /v1/dead_letters/{id}/requeue</c>.</summary>
internal sealed class RequeueDeadLetter(DeadLetters letters) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var letter = await letters.RequeueAsync(DeadLetterRequest.Id(context), DeadLetterRequest.OrganizationOf(context), context.RequestAborted) ?? throw DeadLetterRequest.NotFound();
        if (letter.Position == 0)
        {
            throw new ApiException(
                ErrorCode.NothingToDeliver, "The record could not be read, so it is no event of the log. Its producer can write it again; here it can be discarded with a reason.");
        }

        await context.AnswerAsync(DeadLetterAnswer.Of(letter));
    }
}

using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Riders;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary>The dead letters to deliver again.</summary>
/// <param name="Group">The consumer group; required.</param>
/// <param name="Code">Only events of this code.</param>
/// <param name="Since">Only first failures at or after this time.</param>
/// <param name="Ids">At most 1,000 numbers, also of discarded dead letters. Without numbers: all that wait for a decision.</param>
internal sealed record RequeueRequest(string? Group, string? Code, DateTimeOffset? Since, IReadOnlyList<long>? Ids);

/// <summary>The number of dead letters that will be delivered again.</summary>
internal sealed record RequeueAnswer(int Requeued);

/// <summary><c>POST /v1/dead_letters/requeue</c>.</summary>
internal sealed class RequeueDeadLetters(DeadLetterQueue letters) : IApiCall
{
    private const int MaxIds = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var request = await ApiBody.ReadAsync<RequeueRequest>(context, DeadLetterRequest.MaxBodyBytes);
        if (string.IsNullOrEmpty(request.Group) || request.Ids?.Count > MaxIds)
        {
            throw new ApiException(
                ErrorCode.ValidationFailed, "The request needs a group and at most 1,000 numbers.",
                string.IsNullOrEmpty(request.Group) ? [new ApiFault("/group", "must name the consumer group")] : [new ApiFault("/ids", $"must be at most {MaxIds} numbers")]);
        }

        var selection = new DeadLetterSelection(request.Group, request.Code, request.Since, request.Ids, DeadLetterRequest.OrganizationOf(context));
        await context.AnswerAsync(new RequeueAnswer(await letters.RequeueManyAsync(selection, context.RequestAborted)));
    }
}

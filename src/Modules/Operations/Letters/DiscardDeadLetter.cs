using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Riders;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary>The reason for discarding a record.</summary>
/// <param name="Reason">1 to 1,000 characters.</param>
internal sealed record DiscardRequest(string? Reason);

/// <summary><c>POST /v1/dead_letters/{id}/discard</c>.</summary>
internal sealed class DiscardDeadLetter(DeadLetterQueue letters) : IApiCall
{
    private const int MaxReasonCharacters = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var request = await ApiBody.ReadAsync<DiscardRequest>(context, DeadLetterRequest.MaxBodyBytes);
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > MaxReasonCharacters || request.Reason.Contains('\0', StringComparison.Ordinal))
        {
            throw new ApiException(
                ErrorCode.ValidationFailed, "A record is discarded with a reason.", [new ApiFault("/reason", $"must be a text of 1 to {MaxReasonCharacters} characters without NUL")]);
        }

        var letter = await letters.DiscardAsync(context.PathId(), request.Reason, DeadLetterRequest.OrganizationOf(context), context.RequestAborted);
        await context.AnswerAsync(DeadLetterAnswer.Of(letter ?? throw DeadLetterRequest.NotFound()));
    }
}

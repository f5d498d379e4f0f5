using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations;

/// <summary>Answers of the calls of operation.</summary>
internal static class OperationAnswers
{
    /// <summary>Answers a value as JSON. These calls name the charset in <c>Content-Type</c>; callers may compare the whole header.</summary>
    public static Task AnswerAsync<T>(this HttpContext context, T value, int status = StatusCodes.Status200OK)
        => context.AnswerJsonAsync(value, status, "application/json; charset=utf-8");
}

using System.Globalization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations;

/// <summary>Common parts of the calls of this module.</summary>
internal static class OperationCalls
{
    /// <summary>The number <c>{id}</c> in the path; 0, which nothing has, when the text is not a number.</summary>
    public static long PathId(this HttpContext context)
        => long.TryParse((string?)context.Request.RouteValues["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    /// <summary>Answers with JSON. The header <c>Content-Type</c> names the charset, because callers may compare the whole header.</summary>
    public static Task AnswerAsync<T>(this HttpContext context, T value, int status = StatusCodes.Status200OK)
        => context.AnswerJsonAsync(value, status, "application/json; charset=utf-8");
}

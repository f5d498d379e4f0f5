using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Errors;

/// <summary>Describes the errors of an endpoint for the API document.</summary>
public static class ProblemMetadata
{
    /// <summary>Says which errors the endpoint answers; the statuses stand in the API document with a problem document each.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<ErrorCode> codes)
    {
        foreach (var status in codes.ToArray().Select(static c => c.Status).Distinct())
        {
            builder.ProducesProblem(status);
        }

        return builder;
    }
}

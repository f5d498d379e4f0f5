using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Management.Metrics;

/// <summary>The paths <c>/v1/billable_metrics</c> and <c>/v1/billable_metrics/{code}</c>.</summary>
internal static class BillableMetricPath
{
    public const string All = "/v1/billable_metrics";

    /// <summary>The code in the path, decoded.</summary>
    /// <exception cref="ApiException">404: no metric can have this code. PostgreSQL stores no text with NUL.</exception>
    public static string Code(HttpContext context)
        => PathText.Segment(context, 2) is { } code && !code.Contains('\0', StringComparison.Ordinal) ? code : throw NotFound();

    /// <summary>404: the organization has no such metric.</summary>
    public static ApiException NotFound() => new(ErrorCode.NotFound, "There is no billable metric of this code.");
}

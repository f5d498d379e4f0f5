using Bxb.Management.Contracts;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Http;

/// <summary>The billable metric of a usage query.</summary>
internal static class UsageMetric
{
    private const int ShownCharacters = 64;

    /// <summary>Finds the metric in the caller's organization.</summary>
    /// <exception cref="ApiException">404: the caller's organization has no metric of this code.</exception>
    public static async Task<BillableMetric> FindAsync(BillableMetricCatalog metrics, HttpContext context, string code)
        => await metrics.FindAsync(context.Caller().OrganizationId, code, context.RequestAborted)
            ?? throw new ApiException(ErrorCode.NotFound, $"There is no billable metric '{Shorten(code)}'.");

    private static string Shorten(string text) => text.Length <= ShownCharacters ? text : string.Concat(text.AsSpan(0, ShownCharacters), "...");
}

using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary>A page of metrics, ordered by the bytes of their codes.</summary>
/// <param name="BillableMetrics">The metrics of this page.</param>
/// <param name="NextCursor">The cursor of the next page; absent on the last page.</param>
internal sealed record BillableMetricsAnswer(IReadOnlyList<BillableMetric> BillableMetrics, string? NextCursor);

/// <summary><c>GET /v1/billable_metrics</c>.</summary>
internal sealed class ListBillableMetrics(IDbContextFactory<ManagementDbContext> contexts) : IApiCall
{
    private const string List = "billable_metrics";

    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var organizationId = context.Caller().OrganizationId;
        var after = PageCursor.Read(context, List, organizationId);
        var limit = ApiQuery.Limit(context, DefaultLimit, MaxLimit);
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var metrics = db.BillableMetrics.AsNoTracking().Where(m => m.OrganizationId == organizationId);
        if (after is not null)
        {
            metrics = metrics.Where(m => string.Compare(m.Code, after) > 0);
        }

        var page = await metrics.OrderBy(m => m.Code).Take(limit + 1).ToListAsync(context.RequestAborted);
        var shown = page.Take(limit).Select(m => m.ToContract()).ToList();
        await context.AnswerJsonAsync(new BillableMetricsAnswer(shown, page.Count > shown.Count ? PageCursor.After(List, organizationId, shown[^1].Code) : null));
    }
}

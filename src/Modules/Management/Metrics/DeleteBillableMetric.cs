using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary><c>DELETE /v1/billable_metrics/{code}</c>. The events are kept, and a new metric of the same code counts them again.</summary>
internal sealed class DeleteBillableMetric(IDbContextFactory<ManagementDbContext> contexts, BillableMetricCatalog catalog) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var (organizationId, code) = (context.Caller().OrganizationId, BillableMetricPath.Code(context));
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        try
        {
            var deleted = await db.BillableMetrics.Where(m => m.OrganizationId == organizationId && m.Code == code).ExecuteDeleteAsync(context.RequestAborted);
            context.Response.StatusCode = deleted > 0 ? StatusCodes.Status204NoContent : throw BillableMetricPath.NotFound();
        }
        finally
        {
            catalog.Forget(organizationId, code);
        }
    }
}

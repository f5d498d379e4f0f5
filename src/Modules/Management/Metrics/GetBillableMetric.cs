using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary><c>GET /v1/billable_metrics/{code}</c>.</summary>
internal sealed class GetBillableMetric(IDbContextFactory<ManagementDbContext> contexts) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var (organizationId, code) = (context.Caller().OrganizationId, BillableMetricPath.Code(context));
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var row = await db.FindMetricAsync(organizationId, code, context.RequestAborted);
        await context.AnswerJsonAsync((row ?? throw BillableMetricPath.NotFound()).ToContract());
    }
}

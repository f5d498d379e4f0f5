using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary>Reads one metric from the database.</summary>
internal sealed class BillableMetricLookup(IDbContextFactory<ManagementDbContext> contexts)
{
    public async Task<BillableMetric?> FindAsync(int organizationId, string code, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.BillableMetrics.AsNoTracking().SingleOrDefaultAsync(m => m.OrganizationId == organizationId && m.Code == code, cancellationToken);
            return row?.ToContract();
        }
        catch (Exception error) when (error.IsAway())
        {
            throw StoreErrors.Unavailable();
        }
    }
}

using Bxb.Management.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Storage;

/// <summary>Reads one metric from the database, for <see cref="BillableMetricCatalog"/>.</summary>
internal sealed class BillableMetricLookup(IDbContextFactory<ManagementDbContext> contexts)
{
    /// <summary>An organization's metric of this code; null when there is none.</summary>
    /// <exception cref="Modularity.Errors.ApiException">503: the database does not answer.</exception>
    public async Task<BillableMetric?> FindAsync(int organizationId, string code, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            return (await db.FindMetricAsync(organizationId, code, cancellationToken))?.ToContract();
        }
        catch (Exception error) when (error.IsAway())
        {
            throw StoreErrors.Unavailable();
        }
    }
}

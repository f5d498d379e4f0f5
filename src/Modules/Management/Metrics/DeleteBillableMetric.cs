using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary>Deletes a metric. The events stay; a metric made again under the code counts them again.</summary>
internal sealed record DeleteBillableMetric(int OrganizationId, string Code) : IRequest<Unit>
{
    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts, BillableMetricCatalog catalog) : IRequestHandler<DeleteBillableMetric, Unit>
    {
        public async Task<Unit> Handle(DeleteBillableMetric request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            try
            {
                var deleted = await db.BillableMetrics
                    .Where(m => m.OrganizationId == request.OrganizationId && m.Code == request.Code).ExecuteDeleteAsync(cancellationToken);
                return deleted > 0 ? Unit.Value : throw new ApiException(ErrorCode.NotFound, "There is no billable metric of this code.");
            }
            finally
            {
                catalog.Forget(request.OrganizationId, request.Code);
            }
        }
    }
}

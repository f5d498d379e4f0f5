using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

internal sealed record GetBillableMetric(int OrganizationId, string Code) : IRequest<BillableMetricAnswer>
{
    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts) : IRequestHandler<GetBillableMetric, BillableMetricAnswer>
    {
        public async Task<BillableMetricAnswer> Handle(GetBillableMetric request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.BillableMetrics.AsNoTracking()
                .SingleOrDefaultAsync(m => m.OrganizationId == request.OrganizationId && m.Code == request.Code, cancellationToken);
            return row is null ? throw new ApiException(ErrorCode.NotFound, "There is no billable metric of this code.") : BillableMetricAnswer.Of(row);
        }
    }
}

using Bxb.Management.Storage;
using Bxb.Modularity.Http;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary>A page of metrics, by code, byte by byte.</summary>
/// <param name="BillableMetrics">The metrics of this page.</param>
/// <param name="NextCursor">Where the next page begins; absent on the last one.</param>
internal sealed record BillableMetricsAnswer(IReadOnlyList<BillableMetricAnswer> BillableMetrics, string? NextCursor);

internal sealed record ListBillableMetrics(int OrganizationId, string? AfterCode, int Limit) : IRequest<BillableMetricsAnswer>
{
    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts) : IRequestHandler<ListBillableMetrics, BillableMetricsAnswer>
    {
        public async Task<BillableMetricsAnswer> Handle(ListBillableMetrics request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var metrics = db.BillableMetrics.AsNoTracking().Where(m => m.OrganizationId == request.OrganizationId);
            if (request.AfterCode is { } after)
            {
                metrics = metrics.Where(m => string.Compare(m.Code, after) > 0);
            }

            var page = await metrics.OrderBy(m => m.Code).Take(request.Limit + 1).ToListAsync(cancellationToken);
            var shown = page.Take(request.Limit).Select(BillableMetricAnswer.Of).ToList();
            return new BillableMetricsAnswer(shown, page.Count > shown.Count ? ApiQuery.CursorOf(shown[^1].Code) : null);
        }
    }
}

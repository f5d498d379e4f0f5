using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

/// <summary>Replaces a metric as a whole. Of two at once the later one stands.</summary>
internal sealed record ReplaceBillableMetric(int OrganizationId, string Code, BillableMetricBody Body) : IRequest<BillableMetricAnswer>
{
    internal sealed class Validator : AbstractValidator<ReplaceBillableMetric>
    {
        public Validator()
        {
            RuleFor(c => c.Body.Code).Must((command, code) => code is null || code == command.Code).WithMessage("must be absent or the code of the path: a code never changes");
            RuleFor(c => c.Body).SetValidator(new BillableMetricRules());
        }
    }

    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts, BillableMetricCatalog catalog, TimeProvider time)
        : IRequestHandler<ReplaceBillableMetric, BillableMetricAnswer>
    {
        public async Task<BillableMetricAnswer> Handle(ReplaceBillableMetric request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.BillableMetrics.SingleOrDefaultAsync(m => m.OrganizationId == request.OrganizationId && m.Code == request.Code, cancellationToken)
                ?? throw NotFound();
            request.Body.WriteTo(row, time);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateConcurrencyException)
            {
                // Deleted between the two statements.
                throw NotFound();
            }
            finally
            {
                catalog.Forget(row.OrganizationId, row.Code);
            }

            return BillableMetricAnswer.Of(row);
        }

        private static ApiException NotFound() => new(ErrorCode.NotFound, "There is no billable metric of this code.");
    }
}

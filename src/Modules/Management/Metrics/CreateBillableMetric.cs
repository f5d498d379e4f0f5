using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Metrics;

internal sealed record CreateBillableMetric(int OrganizationId, BillableMetricBody Body) : IRequest<BillableMetricAnswer>
{
    internal sealed class Validator : AbstractValidator<CreateBillableMetric>
    {
        public Validator()
        {
            RuleFor(c => c.Body.Code).Cascade(CascadeMode.Stop).Required().Characters(1, 255)
                .Must(code => code is not ("." or "..")).WithMessage("must not be . or .., which no path can name");
            RuleFor(c => c.Body).SetValidator(new BillableMetricRules());
        }
    }

    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts, BillableMetricCatalog catalog, TimeProvider time)
        : IRequestHandler<CreateBillableMetric, BillableMetricAnswer>
    {
        public async Task<BillableMetricAnswer> Handle(CreateBillableMetric request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = new BillableMetricRow
            {
                OrganizationId = request.OrganizationId, Code = request.Body.Code!, Name = "", EventCode = "", Filters = [], GroupKeys = [], CreatedAt = time.GetUtcNow(),
            };
            request.Body.WriteTo(row, time);
            db.Add(row);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException taken) when (taken.IsUniqueViolation())
            {
                throw new ApiException(ErrorCode.AlreadyExists, "There is a billable metric of this code.", [new ApiFault("/code", "is taken")]);
            }
            finally
            {
                catalog.Forget(row.OrganizationId, row.Code);
            }

            return BillableMetricAnswer.Of(row);
        }
    }
}

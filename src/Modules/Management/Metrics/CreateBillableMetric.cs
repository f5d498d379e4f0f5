using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using FluentValidation;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Metrics;

/// <summary><c>POST /v1/billable_metrics</c>.</summary>
internal sealed class CreateBillableMetric(
    IDbContextFactory<ManagementDbContext> contexts, BillableMetricCatalog catalog, IOptions<ManagementOptions> options, TimeProvider time) : IApiCall
{
    private readonly Rules _rules = new();

    public async Task AnswerAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync<BillableMetricBody>(context, options.Value.MaxBodyBytes);
        await _rules.CheckAsync(body, context.RequestAborted);
        var row = new BillableMetricRow
        {
            OrganizationId = context.Caller().OrganizationId, Code = body.Code!, Name = "", EventCode = "", Filters = [], GroupKeys = [], CreatedAt = time.GetUtcNow(),
        };
        body.WriteTo(row, time);
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(context.RequestAborted);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            throw new ApiException(ErrorCode.AlreadyExists, "There is a billable metric of this code.", [new ApiFault("/code", "is taken")]);
        }
        finally
        {
            catalog.Forget(row.OrganizationId, row.Code);
        }

        context.Response.Headers.Location = $"{context.Request.PathBase}{BillableMetricPath.All}/{Uri.EscapeDataString(row.Code)}";
        await context.AnswerJsonAsync(row.ToContract(), StatusCodes.Status201Created);
    }

    private sealed class Rules : AbstractValidator<BillableMetricBody>
    {
        public Rules()
        {
            RuleFor(m => m.Code).Cascade(CascadeMode.Stop).Required().Characters(1, 255)
                .Must(code => code is not ("." or "..")).WithMessage("must not be . or .., which no path can name");
            Include(new BillableMetricRules());
        }
    }
}

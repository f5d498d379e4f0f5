using Bxb.Management.Contracts;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using FluentValidation;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Metrics;

/// <summary><c>PUT /v1/billable_metrics/{code}</c>: replaces a whole metric. Of two concurrent calls the later one wins.</summary>
internal sealed class ReplaceBillableMetric(
    IDbContextFactory<ManagementDbContext> contexts, BillableMetricCatalog catalog, IOptions<ManagementOptions> options, TimeProvider time) : IApiCall
{
    private readonly Rules _rules = new();

    public async Task AnswerAsync(HttpContext context)
    {
        var (organizationId, code) = (context.Caller().OrganizationId, BillableMetricPath.Code(context));
        var body = await ApiBody.ReadAsync<BillableMetricBody>(context, options.Value.MaxBodyBytes);
        await _rules.CheckAsync(new Replacement(code, body), context.RequestAborted);
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var row = await db.FindMetricAsync(organizationId, code, context.RequestAborted) ?? throw BillableMetricPath.NotFound();
        body.WriteTo(row, time);
        try
        {
            await db.SaveChangesAsync(context.RequestAborted);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Deleted since it was read.
            throw BillableMetricPath.NotFound();
        }
        finally
        {
            catalog.Forget(organizationId, code);
        }

        await context.AnswerJsonAsync(row.ToContract());
    }

    private sealed record Replacement(string Code, BillableMetricBody Body);

    private sealed class Rules : AbstractValidator<Replacement>
    {
        public Rules()
        {
            RuleFor(r => r.Body.Code).Must((replacement, code) => code is null || code == replacement.Code).WithMessage("must be absent or the code of the path: a code cannot change");
            RuleFor(r => r.Body).SetValidator(new BillableMetricRules());
        }
    }
}

using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using FluentValidation;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Organizations;

/// <summary>The body of <c>POST /v1/organizations</c>.</summary>
internal sealed class OrganizationBody
{
    /// <summary>Unique; 1 to 255 characters.</summary>
    public string? Name { get; init; }
}

/// <summary>An organization.</summary>
/// <param name="Id">Greater than 0.</param>
/// <param name="Name">Unique.</param>
internal sealed record OrganizationAnswer(int Id, string Name);

/// <summary><c>POST /v1/organizations</c>.</summary>
internal sealed class CreateOrganization(IDbContextFactory<ManagementDbContext> contexts, IOptions<ManagementOptions> options, TimeProvider time) : IApiCall
{
    private readonly Rules _rules = new();

    public async Task AnswerAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync<OrganizationBody>(context, options.Value.MaxBodyBytes);
        await _rules.CheckAsync(body, context.RequestAborted);
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var row = new OrganizationRow { Name = body.Name!, CreatedAt = time.GetUtcNow() };
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(context.RequestAborted);
        }
        catch (DbUpdateException taken) when (taken.IsUniqueViolation())
        {
            throw new ApiException(ErrorCode.AlreadyExists, "There is an organization of this name.", [new ApiFault("/name", "is taken")]);
        }

        await context.AnswerJsonAsync(new OrganizationAnswer(row.Id, row.Name), StatusCodes.Status201Created);
    }

    private sealed class Rules : AbstractValidator<OrganizationBody>
    {
        public Rules() => RuleFor(o => o.Name).Required().Characters(1, 255);
    }
}

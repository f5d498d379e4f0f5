using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Organizations;

/// <summary>The body of <c>POST /v1/organizations</c>.</summary>
internal sealed class OrganizationBody
{
    /// <summary>Unique, 1 to 255 characters.</summary>
    public string? Name { get; init; }
}

/// <summary>An organization as the API answers it.</summary>
/// <param name="Id">Greater than 0.</param>
/// <param name="Name">Unique.</param>
internal sealed record OrganizationAnswer(int Id, string Name);

internal sealed record CreateOrganization(OrganizationBody Body) : IRequest<OrganizationAnswer>
{
    internal sealed class Validator : AbstractValidator<CreateOrganization>
    {
        public Validator() => RuleFor(c => c.Body.Name).Required().Characters(1, 255);
    }

    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts, TimeProvider time) : IRequestHandler<CreateOrganization, OrganizationAnswer>
    {
        public async Task<OrganizationAnswer> Handle(CreateOrganization request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = new OrganizationRow { Name = request.Body.Name!, CreatedAt = time.GetUtcNow() };
            db.Add(row);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException taken) when (taken.IsUniqueViolation())
            {
                throw new ApiException(ErrorCode.AlreadyExists, "There is an organization of this name.", [new ApiFault("/name", "is taken")]);
            }

            return new OrganizationAnswer(row.Id, row.Name);
        }
    }
}

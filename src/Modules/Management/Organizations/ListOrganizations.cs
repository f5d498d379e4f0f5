using System.Globalization;
using Bxb.Management.Storage;
using Bxb.Modularity.Http;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Organizations;

/// <summary>A page of organizations, by rising id.</summary>
/// <param name="Organizations">The organizations of this page.</param>
/// <param name="NextCursor">Where the next page begins; absent on the last one.</param>
internal sealed record OrganizationsAnswer(IReadOnlyList<OrganizationAnswer> Organizations, string? NextCursor);

internal sealed record ListOrganizations(int AfterId, int Limit) : IRequest<OrganizationsAnswer>
{
    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts) : IRequestHandler<ListOrganizations, OrganizationsAnswer>
    {
        public async Task<OrganizationsAnswer> Handle(ListOrganizations request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var page = await db.Organizations.Where(o => o.Id > request.AfterId).OrderBy(o => o.Id).Take(request.Limit + 1)
                .Select(o => new OrganizationAnswer(o.Id, o.Name)).ToListAsync(cancellationToken);
            var shown = page.Take(request.Limit).ToList();
            return new OrganizationsAnswer(shown, page.Count > shown.Count ? ApiQuery.CursorOf(shown[^1].Id.ToString(CultureInfo.InvariantCulture)) : null);
        }
    }
}

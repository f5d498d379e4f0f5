using Bxb.Management.Storage;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.Organizations;

/// <summary>A page of organizations, ordered by id.</summary>
/// <param name="Organizations">The organizations of this page.</param>
/// <param name="NextCursor">The cursor of the next page; absent on the last page.</param>
internal sealed record OrganizationsAnswer(IReadOnlyList<OrganizationAnswer> Organizations, string? NextCursor);

/// <summary><c>GET /v1/organizations</c>.</summary>
internal sealed class ListOrganizations(IDbContextFactory<ManagementDbContext> contexts) : IApiCall
{
    private const string List = "organizations";

    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var after = (int)(PageCursor.ReadNumber(context, List, owner: 0, int.MaxValue) ?? 0);
        var limit = ApiQuery.Limit(context, DefaultLimit, MaxLimit);
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var page = await db.Organizations.Where(o => o.Id > after).OrderBy(o => o.Id).Take(limit + 1)
            .Select(o => new OrganizationAnswer(o.Id, o.Name)).ToListAsync(context.RequestAborted);
        var shown = page.Take(limit).ToList();
        await context.AnswerJsonAsync(new OrganizationsAnswer(shown, page.Count > shown.Count ? PageCursor.After(List, owner: 0, shown[^1].Id) : null));
    }
}

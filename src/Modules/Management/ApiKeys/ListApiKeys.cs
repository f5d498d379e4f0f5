using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.ApiKeys;

/// <summary>An API key without the key.</summary>
/// <param name="Id">The key's number, by which it is revoked.</param>
/// <param name="Name">A name for people.</param>
/// <param name="Scopes">The calls that it opens.</param>
/// <param name="CreatedAt">Time of creation.</param>
internal sealed record ApiKeyAnswer(long Id, string? Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt);

/// <summary>A page of the keys that are not revoked, ordered by id.</summary>
/// <param name="ApiKeys">The keys of this page.</param>
/// <param name="NextCursor">The cursor of the next page; absent on the last page.</param>
internal sealed record ApiKeysAnswer(IReadOnlyList<ApiKeyAnswer> ApiKeys, string? NextCursor);

/// <summary><c>GET /v1/organizations/{id}/api_keys</c>.</summary>
internal sealed class ListApiKeys(IDbContextFactory<ManagementDbContext> contexts) : IApiCall
{
    private const string List = "api_keys";

    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var limit = ApiQuery.Limit(context, DefaultLimit, MaxLimit);
        var organizationId = ApiKeyPath.OrganizationId(context);
        var after = PageCursor.ReadNumber(context, List, organizationId) ?? 0;
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        if (!await db.Organizations.AnyAsync(o => o.Id == organizationId, context.RequestAborted))
        {
            throw new ApiException(ErrorCode.NotFound, "There is no organization with this id.");
        }

        var page = await db.ApiKeys.AsNoTracking()
            .Where(k => k.OrganizationId == organizationId && k.Id > after && k.RevokedAt == null)
            .OrderBy(k => k.Id).Take(limit + 1).ToListAsync(context.RequestAborted);
        var shown = page.Take(limit).Select(k => new ApiKeyAnswer(k.Id, k.Name, ScopeNames.Of((ApiScopes)k.Scopes), k.CreatedAt)).ToList();
        await context.AnswerJsonAsync(new ApiKeysAnswer(shown, page.Count > shown.Count ? PageCursor.After(List, organizationId, shown[^1].Id) : null));
    }
}

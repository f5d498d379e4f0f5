using System.Globalization;
using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.ApiKeys;

/// <summary>An API key without the key.</summary>
/// <param name="Id">The key's number, by which it is revoked.</param>
/// <param name="Name">For people.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record ApiKeyAnswer(long Id, string? Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt);

/// <summary>A page of the keys that are not revoked, by rising id.</summary>
/// <param name="ApiKeys">The keys of this page.</param>
/// <param name="NextCursor">Where the next page begins; absent on the last one.</param>
internal sealed record ApiKeysAnswer(IReadOnlyList<ApiKeyAnswer> ApiKeys, string? NextCursor);

internal sealed record ListApiKeys(int OrganizationId, long AfterId, int Limit) : IRequest<ApiKeysAnswer>
{
    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts) : IRequestHandler<ListApiKeys, ApiKeysAnswer>
    {
        public async Task<ApiKeysAnswer> Handle(ListApiKeys request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            if (!await db.Organizations.AnyAsync(o => o.Id == request.OrganizationId, cancellationToken))
            {
                throw new ApiException(ErrorCode.NotFound, "There is no organization of this id.");
            }

            var page = await db.ApiKeys.AsNoTracking()
                .Where(k => k.OrganizationId == request.OrganizationId && k.Id > request.AfterId && k.RevokedAt == null)
                .OrderBy(k => k.Id).Take(request.Limit + 1).ToListAsync(cancellationToken);
            var shown = page.Take(request.Limit).Select(k => new ApiKeyAnswer(k.Id, k.Name, ScopeNames.Of((ApiScopes)k.Scopes), k.CreatedAt)).ToList();
            return new ApiKeysAnswer(shown, page.Count > shown.Count ? ApiQuery.CursorOf(shown[^1].Id.ToString(CultureInfo.InvariantCulture)) : null);
        }
    }
}

using System.Runtime.InteropServices;
using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.ApiKeys;

/// <summary>
/// <c>DELETE /v1/organizations/{id}/api_keys/{key_id}</c>. This host refuses the key at once, every other within <see cref="ManagementOptions.KeyExpiresAfter"/>. The row is kept, so the key cannot
/// be created again.
/// </summary>
internal sealed class RevokeApiKey(IDbContextFactory<ManagementDbContext> contexts, ApiKeyCache keys, TimeProvider time) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var (organizationId, keyId) = (ApiKeyPath.OrganizationId(context), ApiKeyPath.KeyId(context));
        await using var db = await contexts.CreateDbContextAsync(context.RequestAborted);
        var row = await db.ApiKeys.SingleOrDefaultAsync(k => k.Id == keyId && k.OrganizationId == organizationId && k.RevokedAt == null, context.RequestAborted)
            ?? throw new ApiException(ErrorCode.NotFound, "The organization has no API key with this id.");
        row.RevokedAt = time.GetUtcNow();
        try
        {
            // Not cancelled when the caller disconnects.
            await db.SaveChangesAsync(CancellationToken.None);
        }
        finally
        {
            keys.Forget(MemoryMarshal.Read<KeyHash>(row.Hash));
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}

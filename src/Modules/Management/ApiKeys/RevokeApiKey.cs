using System.Runtime.InteropServices;
using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Errors;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management.ApiKeys;

/// <summary>Ends a key: at once on this host, within <see cref="ManagementOptions.KeyExpiresAfter"/> on every other. The row stays, so that the key never comes back.</summary>
internal sealed record RevokeApiKey(int OrganizationId, long KeyId) : IRequest<Unit>
{
    internal sealed class Handler(IDbContextFactory<ManagementDbContext> contexts, ApiKeyCache keys, TimeProvider time) : IRequestHandler<RevokeApiKey, Unit>
    {
        public async Task<Unit> Handle(RevokeApiKey request, CancellationToken cancellationToken)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var row = await db.ApiKeys.SingleOrDefaultAsync(
                k => k.Id == request.KeyId && k.OrganizationId == request.OrganizationId && k.RevokedAt == null, cancellationToken)
                ?? throw new ApiException(ErrorCode.NotFound, "The organization has no API key of this id.");
            row.RevokedAt = time.GetUtcNow();
            try
            {
                // Not cancelled any more: whoever hung up half-way still finds the key dead.
                await db.SaveChangesAsync(CancellationToken.None);
            }
            finally
            {
                keys.Forget(MemoryMarshal.Read<KeyHash>(row.Hash));
            }

            return Unit.Value;
        }
    }
}

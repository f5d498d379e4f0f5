using System.Data;
using Bxb.Management.Authentication;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Microsoft.EntityFrameworkCore;

namespace Bxb.Management;

/// <summary>Result of <see cref="ManagementBootstrap"/>.</summary>
/// <param name="OrganizationId">The organization.</param>
/// <param name="OrganizationMade">True when this call created the organization.</param>
/// <param name="KeyId">The key's number; 0 when no key was asked for.</param>
/// <param name="Key">The key in clear text when this call created it, else null: only its hash is stored.</param>
public sealed record BootstrapResult(int OrganizationId, bool OrganizationMade, long KeyId, string? Key);

/// <summary>Creates organizations and keys without a request: at the first start, and for <c>keys create</c>. Several hosts may run it at once.</summary>
public sealed class ManagementBootstrap
{
    private readonly IDbContextFactory<ManagementDbContext> _contexts;
    private readonly ApiKeyCache _keys;
    private readonly TimeProvider _time;

    internal ManagementBootstrap(IDbContextFactory<ManagementDbContext> contexts, ApiKeyCache keys, TimeProvider time)
    {
        _contexts = contexts;
        _keys = keys;
        _time = time;
    }

    /// <summary>A new random key: <c>bxb_</c> and 32 random bytes in base64url. Valid once <see cref="EnsureAsync"/> has stored its hash.</summary>
    public static string NewKey() => KeyHash.NewKey();

    /// <summary>Ensures that the organization exists and, when a key is given, that the key belongs to it, is not revoked and has all scopes.</summary>
    /// <param name="organizationName">1 to 255 characters.</param>
    /// <param name="apiKey">16 to 512 visible ASCII characters; null for none.</param>
    /// <param name="cancellationToken">A cancelled call changes nothing.</param>
    /// <exception cref="ArgumentException">The name or the key is malformed. The message does not hold the key.</exception>
    /// <exception cref="InvalidOperationException">The key belongs to another organization or was revoked.</exception>
    public async Task<BootstrapResult> EnsureAsync(string organizationName, string? apiKey, CancellationToken cancellationToken)
    {
        if (apiKey is not null && (apiKey.Length is < 16 or > KeyHash.MaxKeyLength || apiKey.Any(c => c is <= ' ' or > '~')))
        {
            throw new ArgumentException($"An API key must have 16 to {KeyHash.MaxKeyLength} visible ASCII characters.", nameof(apiKey));
        }

        return await InOrganizationAsync(organizationName, (db, id) => apiKey is null ? Task.FromResult((0L, (string?)null)) : EnsureKeyAsync(db, id, apiKey, cancellationToken), cancellationToken);
    }

    /// <summary>Creates a random key, and the organization if it does not exist.</summary>
    /// <param name="organizationName">1 to 255 characters.</param>
    /// <param name="keyName">A name for people; up to 255 characters.</param>
    /// <param name="scopes">Any of ingest, read, manage; at least one.</param>
    /// <param name="cancellationToken">A cancelled call changes nothing.</param>
    /// <exception cref="ArgumentException">A name is malformed, or the scopes are.</exception>
    public async Task<BootstrapResult> CreateKeyAsync(string organizationName, string? keyName, ApiScopes scopes, CancellationToken cancellationToken)
    {
        if (scopes == ApiScopes.None || (scopes & ~ScopeNames.All) != 0)
        {
            throw new ArgumentException("A key needs at least one of the scopes ingest, read and manage, and no other.", nameof(scopes));
        }

        if (keyName is not null && !IsName(keyName))
        {
            throw new ArgumentException("A key's name must have 1 to 255 characters and no NUL.", nameof(keyName));
        }

        return await InOrganizationAsync(
            organizationName,
            async (db, id) =>
            {
                var key = KeyHash.NewKey();
                var row = Add(db, id, keyName, KeyHash.Of(key), scopes);
                await db.SaveChangesAsync(cancellationToken);
                return (row.Id, key);
            },
            cancellationToken);
    }

    /// <summary>Runs in one transaction under an advisory lock, so two hosts create one organization.</summary>
    private async Task<BootstrapResult> InOrganizationAsync(
        string organizationName, Func<ManagementDbContext, int, Task<(long KeyId, string? Key)>> work, CancellationToken cancellationToken)
    {
        if (!IsName(organizationName))
        {
            throw new ArgumentException("An organization's name must have 1 to 255 characters and no NUL.", nameof(organizationName));
        }

        await using var db = await _contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('bxb.management.bootstrap', 0))", cancellationToken);
        var organization = await db.Organizations.SingleOrDefaultAsync(o => o.Name == organizationName, cancellationToken);
        var made = organization is null;
        if (organization is null)
        {
            organization = new OrganizationRow { Name = organizationName, CreatedAt = _time.GetUtcNow() };
            db.Add(organization);
            await db.SaveChangesAsync(cancellationToken);
        }

        var (keyId, key) = await work(db, organization.Id);
        await transaction.CommitAsync(cancellationToken);
        return new BootstrapResult(organization.Id, made, keyId, key);
    }

    private async Task<(long KeyId, string? Key)> EnsureKeyAsync(ManagementDbContext db, int organizationId, string apiKey, CancellationToken cancellationToken)
    {
        var hash = KeyHash.Of(apiKey);
        var bytes = hash.ToArray();
        var known = await db.ApiKeys.SingleOrDefaultAsync(k => k.Hash == bytes, cancellationToken);
        if (known is null)
        {
            known = Add(db, organizationId, "bootstrap", hash, ScopeNames.All);
            await db.SaveChangesAsync(cancellationToken);
            _keys.Forget(in hash);
            return (known.Id, apiKey);
        }

        if (known.OrganizationId != organizationId)
        {
            throw new InvalidOperationException("The API key belongs to another organization.");
        }

        if (known.RevokedAt is not null)
        {
            throw new InvalidOperationException("The API key was revoked, and a revoked key cannot be restored.");
        }

        if (known.Scopes != (int)ScopeNames.All)
        {
            await db.ApiKeys.Where(k => k.Id == known.Id).ExecuteUpdateAsync(k => k.SetProperty(r => r.Scopes, (int)ScopeNames.All), cancellationToken);
            _keys.Forget(in hash);
        }

        return (known.Id, null);
    }

    private ApiKeyRow Add(ManagementDbContext db, int organizationId, string? name, KeyHash hash, ApiScopes scopes)
    {
        var row = new ApiKeyRow { OrganizationId = organizationId, Name = name, Hash = hash.ToArray(), Scopes = (int)scopes, CreatedAt = _time.GetUtcNow() };
        db.Add(row);
        return row;
    }

    private static bool IsName(string? name) => name is not null && TextRules.IsText(name, 1, 255);
}

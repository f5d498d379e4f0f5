using Bxb.Modularity.Authorization;
using Npgsql;

namespace Bxb.Management.Authentication;

/// <summary>Finds a key by its hash. Npgsql without EF, because requests whose keys are not cached wait for it.</summary>
internal sealed class ApiKeyLookup(NpgsqlDataSource database)
{
    /// <summary>The key's organization and scopes; null when the key is unknown or revoked.</summary>
    public async Task<Caller?> FindAsync(KeyHash hash, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select organization_id, scopes from management.api_keys where hash = $1 and revoked_at is null");
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new Caller(reader.GetInt32(0), (ApiScopes)reader.GetInt32(1)) : null;
    }
}

using Bxb.Modularity.Authorization;

namespace Bxb.Management.Authentication;

/// <summary>The names of scopes in the API.</summary>
internal static class ScopeNames
{
    public const ApiScopes All = ApiScopes.Ingest | ApiScopes.Read | ApiScopes.Manage;

    private static readonly (ApiScopes Scope, string Name)[] Names = [(ApiScopes.Ingest, "ingest"), (ApiScopes.Read, "read"), (ApiScopes.Manage, "manage")];

    public static IReadOnlyList<string> Known { get; } = [.. Names.Select(n => n.Name)];

    /// <summary>The names of scopes. The admin scope, which no key has, has no name.</summary>
    public static IReadOnlyList<string> Of(ApiScopes scopes) => [.. Names.Where(n => (scopes & n.Scope) != 0).Select(n => n.Name)];

    /// <summary>The scopes of valid names. Unknown names are ignored.</summary>
    public static ApiScopes Parse(IEnumerable<string> names)
        => names.Aggregate(ApiScopes.None, (all, name) => all | Names.FirstOrDefault(n => n.Name == name).Scope);
}

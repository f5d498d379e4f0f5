using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Authentication;

/// <summary>
/// Authenticates calls of endpoints with a <see cref="ScopeRequirement"/>; other endpoints need no key. The key is hashed on the stack and looked up by its hash. A cached key costs no allocation
/// and no await.
/// </summary>
internal sealed class ApiKeyMiddleware
{
    private const string Scheme = "Bearer ";
    private static readonly Caller Admin = new(0, ApiScopes.Admin);

    private readonly RequestDelegate _next;
    private readonly ApiKeyCache _keys;
    private readonly ManagementInstruments _instruments;
    private readonly bool _hasAdmin;
    private readonly KeyHash _admin;

    public ApiKeyMiddleware(RequestDelegate next, ApiKeyCache keys, ManagementInstruments instruments, IOptions<AdminOptions> options)
    {
        _next = next;
        _keys = keys;
        _instruments = instruments;
        _hasAdmin = options.Value.AdminToken is { Length: > 0 };
        _admin = _hasAdmin ? KeyHash.Of(options.Value.AdminToken) : default;
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ScopeRequirement>() is not { } requirement)
        {
            return _next(context);
        }

        if (!TryReadKey(context.Request, out var key))
        {
            return RefuseKeyAsync(context, "The request needs the header Authorization: Bearer with an API key.");
        }

        if (requirement.AnyOf == ApiScopes.Admin && !_hasAdmin)
        {
            return RefuseKeyAsync(context, "This call needs the admin token, and this host has none: set Bxb:AdminToken.");
        }

        var hash = KeyHash.Of(key);
        if (_hasAdmin && hash.Equals(_admin))
        {
            return AdmitAsync(context, requirement, Admin);
        }

        return _keys.TryGet(in hash, out var caller) ? AdmitAsync(context, requirement, caller) : FindAsync(context, requirement, hash);
    }

    private static bool TryReadKey(HttpRequest request, out ReadOnlySpan<char> key)
    {
        key = default;
        var header = request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } text || !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        key = text.AsSpan(Scheme.Length).Trim(' ');
        return key.Length is > 0 and <= KeyHash.MaxKeyLength;
    }

    private async Task FindAsync(HttpContext context, ScopeRequirement requirement, KeyHash hash)
        => await AdmitAsync(context, requirement, await _keys.FindAsync(hash, context.RequestAborted));

    private Task AdmitAsync(HttpContext context, ScopeRequirement requirement, Caller? caller)
    {
        if (caller is null)
        {
            return RefuseKeyAsync(context, "The API key is unknown or revoked.");
        }

        if ((caller.Scopes & requirement.AnyOf) == 0)
        {
            _instruments.Refused(StatusCodes.Status403Forbidden);
            return ProblemDocument.WriteAsync(context, ErrorCode.MissingScope, Missing(requirement.AnyOf, caller));
        }

        context.Features.Set(caller);
        return _next(context);
    }

    private static string Missing(ApiScopes anyOf, Caller caller)
    {
        if (anyOf == ApiScopes.Admin)
        {
            return "This call needs the admin token.";
        }

        var scopes = string.Join(" or ", ScopeNames.Of(anyOf));
        return caller.IsAdmin ? $"The admin token belongs to no organization; this call needs an API key with the scope {scopes}." : $"This call needs the scope {scopes}.";
    }

    private Task RefuseKeyAsync(HttpContext context, string detail)
    {
        _instruments.Refused(StatusCodes.Status401Unauthorized);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return ProblemDocument.WriteAsync(context, ErrorCode.Unauthorized, detail);
    }
}

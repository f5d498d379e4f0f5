using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Authorization;

/// <summary>Rights of an API key.</summary>
[Flags]
public enum ApiScopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Send events.</summary>
    Ingest = 1,

    /// <summary>Read events and usage.</summary>
    Read = 2,

    /// <summary>Manage metrics and see the pipeline.</summary>
    Manage = 4,

    /// <summary>Manage organizations and their keys. Only the admin token has it.</summary>
    Admin = 8,
}

/// <summary>The sender of a request. The admin token belongs to no organization: its <see cref="OrganizationId"/> is 0.</summary>
public sealed record Caller(int OrganizationId, ApiScopes Scopes)
{
    /// <summary>Whether the request came with the admin token.</summary>
    public bool IsAdmin => (Scopes & ApiScopes.Admin) != 0;
}

/// <summary>Endpoint metadata: a caller needs one of these scopes. An endpoint without it needs no key.</summary>
public sealed record ScopeRequirement(ApiScopes AnyOf);

/// <summary>Scopes of endpoints, and the caller of a request.</summary>
public static class ScopeAuthorization
{
    /// <summary>Requires one of the scopes. Other callers are answered 401 or 403; 503 while keys cannot be looked up.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, ApiScopes anyOf)
        where TBuilder : IEndpointConventionBuilder
        => builder.WithMetadata(new ScopeRequirement(anyOf)).Problems(ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.Unavailable);

    /// <summary>The caller, on an endpoint that requires a scope.</summary>
    /// <exception cref="InvalidOperationException">The endpoint requires no scope, so the request was not authenticated.</exception>
    public static Caller Caller(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint requires no scope, so it has no caller.");
    }
}

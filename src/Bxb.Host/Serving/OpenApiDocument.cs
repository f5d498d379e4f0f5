using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Bxb.Host.Serving;

/// <summary>Common parts of <c>/openapi/v1.json</c>: the document's description, and the scopes of each call.</summary>
internal static class OpenApiDocument
{
    private const string Scheme = "api_key";

    private const string Description =
        "Usage events in, exact usage out. Every error is application/problem+json with a stable `code`. Any call may also answer 400 `invalid_request` (a target with %00, "
        + "a malformed header), 404 `not_found`, 405 `method_not_allowed` with Allow, 408 `request_timeout`, 413 `payload_too_large`, 414 `target_too_long` or 431 `headers_too_large`. "
        + "Bodies are JSON in UTF-8 and may be gzip.";

    /// <summary>Registers the document.</summary>
    /// <param name="services">The host's container.</param>
    /// <param name="pathBase">The path under which a proxy passes calls on, or empty.</param>
    public static IServiceCollection AddOpenApiDocument(this IServiceCollection services, string pathBase) => services.AddOpenApi("v1", options =>
    {
        options.AddSchemaTransformer(new DocumentedSchemas());
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Bxb", Version = HostVersion.Text, Description = Description };
            // Not the address of the request, which a proxy may have changed.
            document.Servers = pathBase.Length == 0 ? [] : [new OpenApiServer { Url = pathBase }];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key, or the admin token where a call says so.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            var scopes = context.Description.ActionDescriptor.EndpointMetadata.OfType<ScopeRequirement>().LastOrDefault();
            if (scopes is not null)
            {
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
                operation.Description = string.Join(' ', new[] { operation.Description, "Needs: " + Describe(scopes.AnyOf) + "." }.Where(t => !string.IsNullOrEmpty(t)));
            }

            return Task.CompletedTask;
        });
    });

    private static string Describe(ApiScopes anyOf)
        => string.Join(" or ", Enum.GetValues<ApiScopes>().Where(s => s != ApiScopes.None && anyOf.HasFlag(s))
            .Select(s => s == ApiScopes.Admin ? "the admin token" : "scope " + s.ToString().ToLowerInvariant()));
}

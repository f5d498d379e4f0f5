using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Bxb.Modularity.Authorization;

/// <summary>Says in <c>/openapi/v1.json</c> which calls need a key of which scope, and what is answered without it.</summary>
public static class AuthorizationDescription
{
    private const string SchemeName = "bearer";

    /// <summary>Describes the bearer scheme and, on every call that requires a scope, the scope and the answers 401, 403 and 503. The host calls it in <c>AddOpenApi</c>.</summary>
    public static OpenApiOptions DescribeScopes(this OpenApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes[SchemeName] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key of an organization; the calls below /v1/organizations take the admin token.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, ct) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<ScopeRequirement>().LastOrDefault() is not { } requirement)
            {
                return;
            }

            var scopes = Enum.GetValues<ApiScopes>().Where(s => s != ApiScopes.None && requirement.AnyOf.HasFlag(s))
                .Select(s => s == ApiScopes.Admin ? "the admin token" : $"the scope `{s.ToString().ToLowerInvariant()}`");
            operation.Description = $"{operation.Description} Needs {string.Join(" or ", scopes)}.".TrimStart();
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SchemeName, context.Document)] = [] }];
            operation.Responses ??= [];
            var schema = await context.GetOrCreateSchemaAsync(typeof(Problem), null, ct);
            foreach (var code in (ErrorCode[])[ErrorCode.Unauthorized, ErrorCode.MissingScope, ErrorCode.Unavailable])
            {
                var status = code.Status.ToString(System.Globalization.CultureInfo.InvariantCulture);
                operation.Responses.TryAdd(status, new OpenApiResponse
                {
                    Description = $"`{code.Code}`: {code.Title}",
                    Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { ["application/problem+json"] = new() { Schema = schema } },
                });
            }
        });
        return options;
    }
}

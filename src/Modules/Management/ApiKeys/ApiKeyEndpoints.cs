using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Bxb.Management.ApiKeys;

/// <summary><c>/v1/organizations/{id}/api_keys</c>, for the admin token.</summary>
internal static class ApiKeyEndpoints
{
    private const string Path = "/v1/organizations/{id}/api_keys";

    public static void MapApiKeys(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapCall<CreateApiKey>(HttpMethods.Post, Path)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery()
            .WithTags("API keys")
            .WithSummary("Create an API key")
            .WithDescription("Creates a key of the organization. Only this answer holds the key; the host stores a hash of it. Takes the admin token; a host without one answers 401.")
            .DescribePath("id", "The organization's id.", JsonSchemaType.Integer)
            .Takes<ApiKeyBody>(isOptional: true)
            .Gives<NewApiKeyAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);

        endpoints.MapCall<ListApiKeys>(HttpMethods.Get, Path)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery(QueryParameter.Limit(ListApiKeys.DefaultLimit, ListApiKeys.MaxLimit), QueryParameter.Cursor)
            .WithTags("API keys")
            .WithSummary("List the API keys of an organization")
            .WithDescription("The keys that are not revoked, ordered by id, without the keys themselves. Takes the admin token; a host without one answers 401.")
            .DescribePath("id", "The organization's id.", JsonSchemaType.Integer)
            .Gives<ApiKeysAnswer>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);

        endpoints.MapCall<RevokeApiKey>(HttpMethods.Delete, Path + "/{key_id}")
            .RequireScope(ApiScopes.Admin)
            .AllowQuery()
            .WithTags("API keys")
            .WithSummary("Revoke an API key")
            .WithDescription("Every host refuses the key within 5 s, permanently. Takes the admin token; a host without one answers 401.")
            .DescribePath("id", "The organization's id.", JsonSchemaType.Integer)
            .DescribePath("key_id", "The key's id.", JsonSchemaType.Integer)
            .GivesNothing()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }
}

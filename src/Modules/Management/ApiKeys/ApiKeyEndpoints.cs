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
    public static void MapApiKeys(this IEndpointRouteBuilder endpoints)
    {
        var keys = endpoints.MapGroup("/v1/organizations/{id}/api_keys").RequireScope(ApiScopes.Admin).WithTags("API keys").DescribePath("id", "The organization's id.", JsonSchemaType.Integer);
        keys.MapCall<CreateApiKey>(HttpMethods.Post, "")
            .AllowQuery()
            .WithSummary("Create an API key")
            .WithDescription("Creates a key of the organization. Only this answer holds the key; the host stores a hash of it. A host without an admin token answers 401.")
            .Takes<ApiKeyBody>(isOptional: true)
            .Gives<NewApiKeyAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);
        keys.MapCall<ListApiKeys>(HttpMethods.Get, "")
            .AllowQuery(QueryParameter.Limit(ListApiKeys.DefaultLimit, ListApiKeys.MaxLimit), QueryParameter.Cursor)
            .WithSummary("List the API keys of an organization")
            .WithDescription("The keys that are not revoked, ordered by id, without the keys themselves. A host without an admin token answers 401.")
            .Gives<ApiKeysAnswer>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
        keys.MapCall<RevokeApiKey>(HttpMethods.Delete, "/{key_id}")
            .AllowQuery()
            .WithSummary("Revoke an API key")
            .WithDescription("Every host refuses the key within 5 s, permanently. A host without an admin token answers 401.")
            .DescribePath("key_id", "The key's id.", JsonSchemaType.Integer)
            .GivesNothing()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }
}

using System.Globalization;
using Bxb.Management.Organizations;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace Bxb.Management.ApiKeys;

/// <summary><c>/v1/organizations/{id}/api_keys</c>, for the admin token.</summary>
internal static class ApiKeyEndpoints
{
    private const string Path = "/v1/organizations/{id}/api_keys";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(Path, CreateAsync)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery()
            .WithTags("API keys")
            .WithSummary("Create an API key")
            .WithDescription("Makes a key of the organization. The answer holds the key, this once: it is stored only as a hash. Takes the admin token; a host without one answers 401.")
            .DescribePath("id", "The organization's id.", JsonSchemaType.Integer)
            .Accepts<ApiKeyBody>(isOptional: true, "application/json")
            .Produces<NewApiKeyAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);

        endpoints.MapGet(Path, ListAsync)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery(QueryParameter.Limit(OrganizationEndpoints.DefaultLimit, OrganizationEndpoints.MaxLimit), QueryParameter.Cursor)
            .WithTags("API keys")
            .WithSummary("List the API keys of an organization")
            .WithDescription("The keys that are not revoked, by rising id, without the keys themselves. Takes the admin token; a host without one answers 401.")
            .DescribePath("id", "The organization's id.", JsonSchemaType.Integer)
            .Produces<ApiKeysAnswer>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);

        endpoints.MapDelete(Path + "/{key_id}", RevokeAsync)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery()
            .WithTags("API keys")
            .WithSummary("Revoke an API key")
            .WithDescription("The key is dead within 5 s on every host, for ever. Takes the admin token; a host without one answers 401.")
            .DescribePath("id", "The organization's id.", JsonSchemaType.Integer)
            .DescribePath("key_id", "The key's id.", JsonSchemaType.Integer)
            .Produces(StatusCodes.Status204NoContent)
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, IMediator mediator, IOptions<ManagementOptions> options)
    {
        var organizationId = OrganizationId(http);
        var body = await ApiBody.ReadOptionalAsync<ApiKeyBody>(http, options.Value.MaxBodyBytes) ?? new ApiKeyBody();
        var answer = await mediator.Send(new CreateApiKey(organizationId, body), http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return Results.Json(answer, ApiJson.Options, "application/json", StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IMediator mediator)
    {
        var limit = ApiQuery.Limit(http, OrganizationEndpoints.DefaultLimit, OrganizationEndpoints.MaxLimit);
        var request = new ListApiKeys(OrganizationId(http), NumberCursor.Read(http, long.MaxValue), limit);
        return Results.Json(await mediator.Send(request, http.RequestAborted), ApiJson.Options, "application/json");
    }

    private static async Task<IResult> RevokeAsync(HttpContext http, IMediator mediator)
    {
        await mediator.Send(new RevokeApiKey(OrganizationId(http), Number(http, "key_id", long.MaxValue)), http.RequestAborted);
        return Results.NoContent();
    }

    private static int OrganizationId(HttpContext http) => (int)Number(http, "id", int.MaxValue);

    private static long Number(HttpContext http, string name, long max)
        => long.TryParse(http.Request.RouteValues[name] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= max
            ? number
            : throw new ApiException(ErrorCode.NotFound, "The path names nothing that exists.");
}

using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Organizations;

/// <summary><c>/v1/organizations</c>, for the admin token.</summary>
internal static class OrganizationEndpoints
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/organizations", CreateAsync)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery()
            .WithTags("Organizations")
            .WithSummary("Create an organization")
            .WithDescription("Makes an organization, which owns events, metrics and API keys. Takes the admin token; a host without one answers 401.")
            .Accepts<OrganizationBody>("application/json")
            .Produces<OrganizationAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);

        endpoints.MapGet("/v1/organizations", ListAsync)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery(QueryParameter.Limit(DefaultLimit, MaxLimit), QueryParameter.Cursor)
            .WithTags("Organizations")
            .WithSummary("List the organizations")
            .WithDescription("All organizations by rising id. Takes the admin token; a host without one answers 401.")
            .Produces<OrganizationsAnswer>()
            .Problems(ErrorCode.InvalidParameter);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, IMediator mediator, IOptions<ManagementOptions> options)
    {
        var body = await ApiBody.ReadAsync<OrganizationBody>(http, options.Value.MaxBodyBytes);
        return Results.Json(await mediator.Send(new CreateOrganization(body), http.RequestAborted), ApiJson.Options, "application/json", StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IMediator mediator)
    {
        var request = new ListOrganizations((int)NumberCursor.Read(http, int.MaxValue), ApiQuery.Limit(http, DefaultLimit, MaxLimit));
        return Results.Json(await mediator.Send(request, http.RequestAborted), ApiJson.Options, "application/json");
    }
}

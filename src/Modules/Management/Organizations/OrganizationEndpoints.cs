using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Management.Organizations;

/// <summary><c>/v1/organizations</c>, for the admin token.</summary>
internal static class OrganizationEndpoints
{
    private const string Path = "/v1/organizations";

    public static void MapOrganizations(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapCall<CreateOrganization>(HttpMethods.Post, Path)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery()
            .WithTags("Organizations")
            .WithSummary("Create an organization")
            .WithDescription("Creates an organization, which owns events, metrics and API keys. Takes the admin token; a host without one answers 401.")
            .Takes<OrganizationBody>()
            .Gives<OrganizationAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);

        endpoints.MapCall<ListOrganizations>(HttpMethods.Get, Path)
            .RequireScope(ApiScopes.Admin)
            .AllowQuery(QueryParameter.Limit(ListOrganizations.DefaultLimit, ListOrganizations.MaxLimit), QueryParameter.Cursor)
            .WithTags("Organizations")
            .WithSummary("List the organizations")
            .WithDescription("All organizations, ordered by id. Takes the admin token; a host without one answers 401.")
            .Gives<OrganizationsAnswer>()
            .Problems(ErrorCode.InvalidParameter);
    }
}

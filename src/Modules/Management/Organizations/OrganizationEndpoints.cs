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
    public static void MapOrganizations(this IEndpointRouteBuilder endpoints)
    {
        var organizations = endpoints.MapGroup("/v1/organizations").RequireScope(ApiScopes.Admin).WithTags("Organizations");
        organizations.MapCall<CreateOrganization>(HttpMethods.Post, "")
            .AllowQuery()
            .WithSummary("Create an organization")
            .WithDescription("Creates an organization, which owns events, metrics and API keys. A host without an admin token answers 401.")
            .Takes<OrganizationBody>()
            .Gives<OrganizationAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);
        organizations.MapCall<ListOrganizations>(HttpMethods.Get, "")
            .AllowQuery(QueryParameter.Limit(ListOrganizations.DefaultLimit, ListOrganizations.MaxLimit), QueryParameter.Cursor)
            .WithSummary("List the organizations")
            .WithDescription("All organizations, ordered by id. A host without an admin token answers 401.")
            .Gives<OrganizationsAnswer>()
            .Problems(ErrorCode.InvalidParameter);
    }
}

using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Metrics;

/// <summary><c>/v1/billable_metrics</c>: scope manage to write, read or manage to read.</summary>
internal static class BillableMetricEndpoints
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;
    private const string Path = "/v1/billable_metrics";
    private const string OnePath = Path + "/{code}";
    private const string CodeText = "The metric's code, percent-encoded.";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(Path, CreateAsync).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Create a billable metric")
            .WithDescription("Names an aggregation over the events of one code. It counts the events that were recorded before, too.")
            .Accepts<BillableMetricBody>("application/json")
            .Produces<BillableMetricAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);

        endpoints.MapGet(Path, ListAsync).RequireScope(ApiScopes.Read | ApiScopes.Manage)
            .AllowQuery(QueryParameter.Limit(DefaultLimit, MaxLimit), QueryParameter.Cursor)
            .WithTags("Billable metrics")
            .WithSummary("List the billable metrics")
            .WithDescription("The organization's metrics by code.")
            .Produces<BillableMetricsAnswer>()
            .Problems(ErrorCode.InvalidParameter);

        endpoints.MapGet(OnePath, GetAsync).RequireScope(ApiScopes.Read | ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Read a billable metric")
            .DescribePath("code", CodeText)
            .Produces<BillableMetricAnswer>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);

        endpoints.MapPut(OnePath, ReplaceAsync).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Replace a billable metric")
            .WithDescription("Replaces it as a whole: what the body leaves out takes its default. The code never changes.")
            .DescribePath("code", CodeText)
            .Accepts<BillableMetricBody>("application/json")
            .Produces<BillableMetricAnswer>()
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);

        endpoints.MapDelete(OnePath, DeleteAsync).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Delete a billable metric")
            .WithDescription("The events stay.")
            .DescribePath("code", CodeText)
            .Produces(StatusCodes.Status204NoContent)
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, IMediator mediator, IOptions<ManagementOptions> options)
    {
        var body = await ApiBody.ReadAsync<BillableMetricBody>(http, options.Value.MaxBodyBytes);
        var metric = await mediator.Send(new CreateBillableMetric(http.Caller().OrganizationId, body), http.RequestAborted);
        http.Response.Headers.Location = $"{http.Request.PathBase}{Path}/{Uri.EscapeDataString(metric.Code)}";
        return Results.Json(metric, ApiJson.Options, "application/json", StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpContext http, IMediator mediator)
    {
        var request = new ListBillableMetrics(http.Caller().OrganizationId, ApiQuery.Cursor(http), ApiQuery.Limit(http, DefaultLimit, MaxLimit));
        return Results.Json(await mediator.Send(request, http.RequestAborted), ApiJson.Options, "application/json");
    }

    private static async Task<IResult> GetAsync(HttpContext http, IMediator mediator)
        => Results.Json(await mediator.Send(new GetBillableMetric(http.Caller().OrganizationId, Code(http)), http.RequestAborted), ApiJson.Options, "application/json");

    private static async Task<IResult> ReplaceAsync(HttpContext http, IMediator mediator, IOptions<ManagementOptions> options)
    {
        var code = Code(http);
        var body = await ApiBody.ReadAsync<BillableMetricBody>(http, options.Value.MaxBodyBytes);
        return Results.Json(
            await mediator.Send(new ReplaceBillableMetric(http.Caller().OrganizationId, code, body), http.RequestAborted), ApiJson.Options, "application/json");
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, IMediator mediator)
    {
        await mediator.Send(new DeleteBillableMetric(http.Caller().OrganizationId, Code(http)), http.RequestAborted);
        return Results.NoContent();
    }

    // PostgreSQL has no text with NUL, so that no metric can have such a code.
    private static string Code(HttpContext http)
        => PathText.Segment(http, 2) is { } code && !code.Contains('\0', StringComparison.Ordinal)
            ? code
            : throw new ApiException(ErrorCode.NotFound, "There is no billable metric of this code.");
}

using Bxb.Management.Contracts;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Bxb.Management.Metrics;

/// <summary><c>/v1/billable_metrics</c>: scope manage to write, read or manage to read.</summary>
internal static class BillableMetricEndpoints
{
    private const string OnePath = BillableMetricPath.All + "/{code}";
    private const string CodeText = "The metric's code, percent-encoded.";

    public static void MapBillableMetrics(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapCall<CreateBillableMetric>(HttpMethods.Post, BillableMetricPath.All).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Create a billable metric")
            .WithDescription("Creates a named aggregation over the events of one code. It also counts events that were recorded before.")
            .Takes<BillableMetricBody>()
            .Gives<BillableMetric>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);

        endpoints.MapCall<ListBillableMetrics>(HttpMethods.Get, BillableMetricPath.All).RequireScope(ApiScopes.Read | ApiScopes.Manage)
            .AllowQuery(QueryParameter.Limit(ListBillableMetrics.DefaultLimit, ListBillableMetrics.MaxLimit), QueryParameter.Cursor)
            .WithTags("Billable metrics")
            .WithSummary("List the billable metrics")
            .WithDescription("The organization's metrics, ordered by code.")
            .Gives<BillableMetricsAnswer>()
            .Problems(ErrorCode.InvalidParameter);

        endpoints.MapCall<GetBillableMetric>(HttpMethods.Get, OnePath).RequireScope(ApiScopes.Read | ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Read a billable metric")
            .DescribePath("code", CodeText)
            .Gives<BillableMetric>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);

        endpoints.MapCall<ReplaceBillableMetric>(HttpMethods.Put, OnePath).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Replace a billable metric")
            .WithDescription("Replaces the whole metric: members that the body leaves out take their defaults. The code cannot change.")
            .DescribePath("code", CodeText)
            .Takes<BillableMetricBody>()
            .Gives<BillableMetric>()
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);

        endpoints.MapCall<DeleteBillableMetric>(HttpMethods.Delete, OnePath).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Delete a billable metric")
            .WithDescription("The events are kept. A new metric of the same code counts them again.")
            .DescribePath("code", CodeText)
            .GivesNothing()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }
}

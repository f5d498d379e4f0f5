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
    public static void MapBillableMetrics(this IEndpointRouteBuilder endpoints)
    {
        var metrics = endpoints.MapGroup(BillableMetricPath.All).WithTags("Billable metrics");
        metrics.MapCall<CreateBillableMetric>(HttpMethods.Post, "").RequireScope(ApiScopes.Manage).AllowQuery()
            .WithSummary("Create a billable metric")
            .WithDescription("Creates a named aggregation over the events of one code. It also counts events that were recorded before.")
            .Takes<BillableMetricBody>()
            .Gives<BillableMetric>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);
        metrics.MapCall<ListBillableMetrics>(HttpMethods.Get, "").RequireScope(ApiScopes.Read | ApiScopes.Manage)
            .AllowQuery(QueryParameter.Limit(ListBillableMetrics.DefaultLimit, ListBillableMetrics.MaxLimit), QueryParameter.Cursor)
            .WithSummary("List the billable metrics")
            .WithDescription("The organization's metrics, ordered by code.")
            .Gives<BillableMetricsAnswer>()
            .Problems(ErrorCode.InvalidParameter);

        var metric = metrics.MapGroup("/{code}").DescribePath("code", "The metric's code, percent-encoded.");
        metric.MapCall<GetBillableMetric>(HttpMethods.Get, "").RequireScope(ApiScopes.Read | ApiScopes.Manage).AllowQuery()
            .WithSummary("Read a billable metric")
            .Gives<BillableMetric>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
        metric.MapCall<ReplaceBillableMetric>(HttpMethods.Put, "").RequireScope(ApiScopes.Manage).AllowQuery()
            .WithSummary("Replace a billable metric")
            .WithDescription("Replaces the whole metric: members that the body leaves out take their defaults. The code cannot change.")
            .Takes<BillableMetricBody>()
            .Gives<BillableMetric>()
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);
        metric.MapCall<DeleteBillableMetric>(HttpMethods.Delete, "").RequireScope(ApiScopes.Manage).AllowQuery()
            .WithSummary("Delete a billable metric")
            .WithDescription("The events are kept. A new metric of the same code counts them again.")
            .GivesNothing()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }
}

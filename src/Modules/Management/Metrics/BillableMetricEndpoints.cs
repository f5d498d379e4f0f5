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
            .WithDescription("Names an aggregation over the events of one code. It counts the events that were recorded before, too.")
            .Takes<BillableMetricBody>()
            .Gives<BillableMetricAnswer>(StatusCodes.Status201Created)
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.AlreadyExists]);

        endpoints.MapCall<ListBillableMetrics>(HttpMethods.Get, BillableMetricPath.All).RequireScope(ApiScopes.Read | ApiScopes.Manage)
            .AllowQuery(QueryParameter.Limit(ListBillableMetrics.DefaultLimit, ListBillableMetrics.MaxLimit), QueryParameter.Cursor)
            .WithTags("Billable metrics")
            .WithSummary("List the billable metrics")
            .WithDescription("The organization's metrics by code.")
            .Gives<BillableMetricsAnswer>()
            .Problems(ErrorCode.InvalidParameter);

        endpoints.MapCall<GetBillableMetric>(HttpMethods.Get, OnePath).RequireScope(ApiScopes.Read | ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Read a billable metric")
            .DescribePath("code", CodeText)
            .Gives<BillableMetricAnswer>()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);

        endpoints.MapCall<ReplaceBillableMetric>(HttpMethods.Put, OnePath).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Replace a billable metric")
            .WithDescription("Replaces it as a whole: what the body leaves out takes its default. The code never changes.")
            .DescribePath("code", CodeText)
            .Takes<BillableMetricBody>()
            .Gives<BillableMetricAnswer>()
            .Problems([.. ApiBody.Errors, ErrorCode.InvalidParameter, ErrorCode.NotFound]);

        endpoints.MapCall<DeleteBillableMetric>(HttpMethods.Delete, OnePath).RequireScope(ApiScopes.Manage).AllowQuery()
            .WithTags("Billable metrics")
            .WithSummary("Delete a billable metric")
            .WithDescription("The events stay.")
            .DescribePath("code", CodeText)
            .GivesNothing()
            .Problems(ErrorCode.InvalidParameter, ErrorCode.NotFound);
    }
}

using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Http;

/// <summary><c>GET /v1/usage</c>.</summary>
internal sealed class GetUsage(BillableMetricCatalog metrics, UsageAnswering usage) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var request = UsageQueryString.Read(context);
        var metric = await UsageMetric.FindAsync(metrics, context, request.MetricCode);
        await UsageAnswerWriter.WriteAsync(context, await usage.AnswerAsync(request, metric, context.RequestAborted));
    }
}

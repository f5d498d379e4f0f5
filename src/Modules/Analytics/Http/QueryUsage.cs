using Bxb.Analytics.Queries;
using Bxb.Management.Contracts;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Http;

/// <summary><c>POST /v1/usage/query</c>.</summary>
internal sealed class QueryUsage(BillableMetricCatalog metrics, UsageAnswering usage, UsageQueryOptions options) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var request = (await ApiBody.ReadAsync<UsageQueryBody>(context, options.MaxBodyBytes)).Read();
        var metric = await UsageMetric.FindAsync(metrics, context, request.MetricCode);
        await UsageAnswerWriter.WriteAsync(context, await usage.AnswerAsync(request, metric, context.RequestAborted));
    }
}

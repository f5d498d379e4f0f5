using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

[Collection(SharedHostCollection.Name)]
public sealed class ReadYourWritesTests(SharedHost shared)
{
    /// <summary>Posts and queries a store; <c>BXB_LOOPS</c> scales it (1,000 is the full measure).</summary>
    private static readonly int Loops = int.TryParse(Environment.GetEnvironmentVariable("BXB_LOOPS"), out var loops) ? loops : 1000;

    [Theory]
    [InlineData("clickhouse")]
    [InlineData("postgresql")]
    public async Task A_query_with_the_position_of_ones_own_post_never_misses_it(string store)
    {
        var metric = "own_" + store;
        await shared.Client.MetricAsync(metric, metric, "sum", "n");
        for (var i = 1; i <= Loops; i++)
        {
            var posted = await shared.Client.PostJsonAsync(
                "/v1/events", $$$"""{"transaction_id": "{{{metric}}}-{{{i}}}", "external_customer_id": "c", "code": "{{{metric}}}", "properties": {"n": {{{i}}}}}""");
            var total = await shared.Client.TotalAsync(metric, store, posted.Position());
            total.ShouldBe((i * (i + 1L) / 2).ToString(), $"after post {i}");
        }
    }
}

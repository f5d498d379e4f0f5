using Bxb.Analytics.Tests.Cases;

namespace Bxb.Analytics.Tests.Http;

/// <summary>The times of a usage query in every valid form, and empty ranges.</summary>
public sealed class UsageTimeTests(UsageHost host) : IClassFixture<UsageHost>
{
    private static int _metrics;

    [Theory]
    [InlineData("from=2026-01-01&to=2026-02-01", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")]
    [InlineData("from=2026-01-01&to=2026-02-01&timezone=Europe/Berlin", "2025-12-31T23:00:00Z", "2026-01-31T23:00:00Z")]
    [InlineData("from=2026-07-01T00:00&to=2026-07-01T00:00:00.5&timezone=Europe/Berlin", "2026-06-30T22:00:00Z", "2026-06-30T22:00:00.500Z")]
    [InlineData("from=2026-01-01T00:00+0200&to=2026-01-01T00:00:00%2B02:00", "2025-12-31T22:00:00Z", "2025-12-31T22:00:00Z")]
    [InlineData("from=1767225600&to=1767225600.125", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.125Z")]
    // Clocks in Berlin skip 02:00 to 03:00 in spring and repeat it in autumn: the first instant that shows the time or a later one.
    [InlineData("from=2026-03-29T02:30&to=2026-03-29T03:00&timezone=Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("from=2026-10-25T02:30&to=2026-10-25T03:00&timezone=Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z")]
    // Samoa skipped a whole day.
    [InlineData("from=2011-12-30&to=2011-12-31&timezone=Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z")]
    [InlineData("from=0001-01-01&to=9999-12-31&timezone=Asia/Tokyo", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z")]
    public async Task Times_are_read_in_every_form(string query, string from, string to)
    {
        var metric = $"times{Interlocked.Increment(ref _metrics)}";
        await host.MetricAsync(metric, "sum", "v");
        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            var (status, answer) = await host.GetAsync($"/v1/usage?metric={metric}&store={store}&{query}");
            status.ShouldBe(200, answer.ToString());
            answer.GetProperty("from").GetString().ShouldBe(from);
            answer.GetProperty("to").GetString().ShouldBe(to);
        }
    }

    [Theory]
    [InlineData("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z")]
    [InlineData("1900-01-01", "1970-01-01")]
    public async Task Nothing_lies_in_a_period_that_is_empty_or_before_1970(string from, string to)
    {
        var metric = $"empty{Interlocked.Increment(ref _metrics)}";
        await host.MetricAsync(metric, "sum", "v");
        var position = await host.AppendAsync(new CaseEvent("empty", "2026-01-05T00:00:00Z", """{"v": 1}"""));
        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            foreach (var (more, rows) in new[] { ("", 1), ("&window=day", 0), ("&window=hour&timezone=Europe/Berlin", 0), ("&group_by=external_customer_id", 0) })
            {
                var (status, answer) = await host.GetAsync($"/v1/usage?metric={metric}&from={from}&to={to}&store={store}&min_position={position}&timeout=30{more}");
                status.ShouldBe(200, answer.ToString());
                answer.GetProperty("rows").GetArrayLength().ShouldBe(rows, answer.ToString());
                if (rows == 1)
                {
                    answer.GetProperty("rows")[0].GetProperty("value").GetString().ShouldBe("0");
                }
            }
        }
    }
}

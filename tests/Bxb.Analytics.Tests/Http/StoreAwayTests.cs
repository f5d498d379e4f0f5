using Bxb.Analytics.Tests.Cases;

namespace Bxb.Analytics.Tests.Http;

/// <summary>A host whose ClickHouse does not answer: nothing listens at its address.</summary>
public sealed class StoreAwayTests : IAsyncLifetime
{
    private const string Range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";

    private readonly UsageHost _host = new() { ClickHouseUrl = new Uri("http://default:x@127.0.0.1:9/?database=none") };

    public async Task InitializeAsync()
    {
        _host.Settings["Bxb:Usage:MaxRows"] = "3";
        await _host.InitializeAsync();
        await _host.MetricAsync("calls", "count", null);
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task PostgreSQL_answers_in_its_place_and_says_so()
    {
        var position = await _host.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        foreach (var more in new[] { $"&min_position={position}&timeout=10", "", "&store=auto" })
        {
            var (status, answer) = await _host.GetAsync($"/v1/usage?metric=calls&{Range}{more}");
            status.ShouldBe(200, answer.ToString());
            answer.GetProperty("store").GetString().ShouldBe("postgresql");
            answer.GetProperty("rows")[0].GetProperty("value").GetString().ShouldBe("1");
        }
    }

    [Fact]
    public async Task When_it_was_named_the_answer_is_503()
    {
        var position = await _host.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        foreach (var (more, code) in new[] { ("", "unavailable"), ($"&min_position={position}&timeout=0.2", "position_not_reached") })
        {
            using var response = await _host.Http.GetAsync($"/v1/usage?metric=calls&{Range}&store=clickhouse{more}");
            var text = await response.Content.ReadAsStringAsync();
            ((int)response.StatusCode).ShouldBe(503, text);
            text.ShouldContain($"\"code\":\"{code}\"");
            response.Headers.RetryAfter.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task Too_many_rows_are_refused_whole()
    {
        long position = 0;
        for (var i = 0; i < 4; i++)
        {
            position = await _host.AppendAsync(new CaseEvent($"c{i}", "2026-01-05T00:00:00Z"));
        }

        var (status, problem) = await _host.GetAsync($"/v1/usage?metric=calls&{Range}&group_by=external_customer_id&min_position={position}&timeout=10");
        status.ShouldBe(422, problem.ToString());
        problem.GetProperty("code").GetString().ShouldBe("answer_too_large");
        (await _host.GetAsync($"/v1/usage?metric=calls&{Range}&group_by=external_customer_id&external_customer_id=c0&external_customer_id=c1&external_customer_id=c2")).Status.ShouldBe(200);
    }
}

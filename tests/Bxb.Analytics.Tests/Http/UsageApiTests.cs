using System.Globalization;
using System.Text.Json;
using Bxb.Analytics.Tests.Cases;
using Bxb.Modularity.Authorization;

namespace Bxb.Analytics.Tests.Http;

public sealed class UsageApiTests(UsageHost host) : IClassFixture<UsageHost>
{
    private const string Range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";

    private static int _metrics;

    [Theory]
    [InlineData("clickhouse")]
    [InlineData("postgresql")]
    [InlineData("auto")]
    public async Task Ones_own_writes_are_read(string store)
    {
        var (metric, customer) = (await SumAsync(), $"own-{store}");
        for (var i = 1; i <= 40; i++)
        {
            var position = await host.AppendAsync(new CaseEvent(customer, "2026-01-05T00:00:00Z", $$"""{"v": {{i}}}"""));

            var (status, answer) = await host.GetAsync($"/v1/usage?metric={metric}&{Range}&external_customer_id={customer}&min_position={position}&timeout=30&store={store}");

            status.ShouldBe(200, answer.ToString());
            answer.GetProperty("as_of_position").GetInt64().ShouldBeGreaterThanOrEqualTo(position);
            answer.GetProperty("rows")[0].GetProperty("value").GetString().ShouldBe((i * (i + 1) / 2).ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task An_answer_holds_what_the_contract_says()
    {
        var metric = await SumAsync();
        await host.AppendAsync(new CaseEvent("shape", "2026-01-05T00:00:00.125Z", """{"v": 1.50, "region": "eu"}"""));
        var position = await host.AppendAsync(new CaseEvent("shape", "2026-01-06T00:00:00Z", """{"v": "none"}"""));

        var (_, answer) = await host.GetAsync($"/v1/usage?metric={metric}&{Range}&external_customer_id=shape&group_by=region&window=day&timezone=Europe/Berlin&min_position={position}&store=postgresql");

        answer.GetRawText().ShouldBe($$"""
            {"metric":"{{metric}}","aggregation_type":"sum","from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","window":"day","timezone":"Europe/Berlin","store":"postgresql","as_of_position":{{answer.GetProperty("as_of_position")}},"exact":true,"skipped_events":1,"rows":[{"from":"2026-01-04T23:00:00Z","to":"2026-01-05T23:00:00Z","external_customer_id":"shape","group":{"region":"eu"},"value":"1.5","events":1}]}
            """);
    }

    [Fact]
    public async Task A_body_asks_for_the_same()
    {
        var metric = await SumAsync();
        var position = await host.AppendAsync(new CaseEvent("body", "2026-01-05T00:00:00Z", """{"v": 2, "region": "eu"}"""));

        var (_, get) = await host.GetAsync($"/v1/usage?metric={metric}&{Range}&external_customer_id=body&group_by=region,external_customer_id&filter[region]=eu&window=month&timezone=Asia/Kathmandu&min_position={position}&timeout=10&store=postgresql");
        var (status, post) = await host.SendAsync(HttpMethod.Post, "/v1/usage/query", $$"""
            {"metric": "{{metric}}", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "external_customer_id": ["body"], "group_by": ["region", "external_customer_id"],
             "filters": [{"key": "region", "values": ["eu"]}], "window": "month", "timezone": "Asia/Kathmandu", "min_position": {{position}}, "timeout": 10, "store": "postgresql"}
            """);

        status.ShouldBe(200, post.ToString());
        post.GetProperty("rows").GetRawText().ShouldBe(get.GetProperty("rows").GetRawText());
        post.GetProperty("rows").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("from", "from=yesterday")]
    [InlineData("from", "from=2026-01-01T")]
    [InlineData("from", "from=2026-02-30T00:00:00Z")]
    [InlineData("from", "from=")]
    [InlineData("to", "to=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")]
    [InlineData("window", "window=decade")]
    [InlineData("window", "window=5M")]
    [InlineData("fill", "fill=all")]
    [InlineData("window", "window=Day")]
    [InlineData("window", "window=1")]
    [InlineData("timezone", "timezone=Mars/Olympus")]
    [InlineData("timezone", "timezone=../../etc/passwd")]
    [InlineData("timezone", "timezone=")]
    [InlineData("min_position", "min_position=-1")]
    [InlineData("min_position", "min_position=1.5")]
    [InlineData("min_position", "min_position=99999999999999999999")]
    [InlineData("timeout", "timeout=31")]
    [InlineData("timeout", "timeout=-1")]
    [InlineData("timeout", "timeout=NaN")]
    [InlineData("timeout", "timeout=1e1")]
    [InlineData("store", "store=redis")]
    [InlineData("group_by", "group_by=a,b,c,d,e,f")]
    [InlineData("group_by", "group_by=a,a")]
    [InlineData("group_by", "group_by=a,,b")]
    [InlineData("group_by", "group_by=a..b")]
    [InlineData("group_by", "group_by=a%00")]
    [InlineData("external_customer_id", "external_customer_id=")]
    [InlineData("external_customer_id", "external_customer_id=%00")]
    [InlineData("filter[a..b]", "filter[a..b]=1")]
    [InlineData("filter[a]", "filter[a]=%00")]
    [InlineData("filter", "filter=1")]
    [InlineData("filter[]", "filter[]=1")]
    [InlineData("customer", "customer=1")]
    [InlineData("metric", "metric=")]
    [InlineData("metric", "metric=%FF")]
    [InlineData("metric", "metric=%C3x")]
    [InlineData("store", "store=100%")]
    [InlineData("filter[%ED%A0%80]", "filter[%ED%A0%80]=1")]
    public async Task A_bad_parameter_is_named(string name, string parameter)
    {
        var member = parameter[..parameter.IndexOf('=', StringComparison.Ordinal)];
        var rest = string.Join('&', new[] { "metric=none", "from=2026-01-01T00:00:00Z", "to=2026-02-01T00:00:00Z" }.Where(p => !p.StartsWith(member + "=", StringComparison.Ordinal)));

        var (status, problem) = await host.GetAsync($"/v1/usage?{rest}&{parameter}");

        status.ShouldBe(400, problem.ToString());
        problem.GetProperty("code").GetString().ShouldBe("invalid_parameter");
        problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).ShouldBe([name]);
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        var (status, problem) = await host.GetAsync("/v1/usage");
        status.ShouldBe(400);
        problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).ShouldBe(["metric", "from", "to"]);
    }

    [Theory]
    [InlineData("{", 400, "invalid_json", null)]
    [InlineData("[]", 422, "validation_failed", "")]
    [InlineData("{}", 422, "validation_failed", "/metric")]
    [InlineData("""{"metric": "m", "metric": "m"}""", 400, "duplicate_member", null)]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "windows": "day"}""", 422, "validation_failed", "/windows")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "window": "decade"}""", 422, "validation_failed", "/window")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "group_by": ["a", 1]}""", 422, "validation_failed", "/group_by")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "group_by": ["a", "b."]}""", 422, "validation_failed", "/group_by/1")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "filters": [{"key": "a", "values": []}]}""", 422, "validation_failed", "/filters/0/key")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "filters": [{"key": "a", "values": ["x"]}, {"key": "a", "values": ["y"]}]}""", 422, "validation_failed", "/filters/1/key")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2025-12-31T23:59:59.999Z"}""", 422, "validation_failed", "/to")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "group_by": ["a", "\u0000"]}""", 422, "validation_failed", "/group_by/1")]
    [InlineData("""{"metric": "\u0000", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}""", 422, "validation_failed", "/metric")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "timeout": 30.5}""", 422, "validation_failed", "/timeout")]
    [InlineData("""{"metric": "m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "min_position": -1}""", 422, "validation_failed", "/min_position")]
    [InlineData("""{"metric": "m", "from": 5, "to": "2026-01-02T00:00:00Z"}""", 422, "validation_failed", "/from")]
    public async Task A_bad_body_is_refused_with_the_place(string body, int expected, string code, string? pointer)
    {
        var (status, problem) = await host.SendAsync(HttpMethod.Post, "/v1/usage/query", body);
        status.ShouldBe(expected, problem.ToString());
        problem.GetProperty("code").GetString().ShouldBe(code);
        if (pointer is not null)
        {
            problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).ShouldContain(pointer);
        }
    }

    [Theory]
    [InlineData("metric=nowhere&" + Range, 404, "not_found")]
    [InlineData("metric=nowhere&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", 404, "not_found")]
    [InlineData("metric=nowhere&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422, "validation_failed")]
    public async Task What_is_not_there_or_reversed_is_refused(string query, int expected, string code)
    {
        var (status, problem) = await host.GetAsync("/v1/usage?" + query);
        status.ShouldBe(expected);
        problem.GetProperty("code").GetString().ShouldBe(code);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("clickhouse")]
    [InlineData("postgresql")]
    public async Task A_position_beyond_the_head_is_refused(string store)
    {
        var (status, problem) = await host.GetAsync($"/v1/usage?metric={await SumAsync()}&{Range}&min_position=9223372036854775807&store={store}");
        status.ShouldBe(422);
        problem.GetProperty("code").GetString().ShouldBe("position_beyond_head");
    }

    [Fact]
    public async Task Another_organization_sees_nothing()
    {
        var metric = await SumAsync();
        var position = await host.AppendAsync(new CaseEvent("secret", "2026-01-05T00:00:00Z", """{"v": 7}"""));
        var key = await host.KeyAsync("second", ApiScopes.Read | ApiScopes.Manage);

        (await host.GetAsync($"/v1/usage?metric={metric}&{Range}", key)).Status.ShouldBe(404);
        await host.MetricAsync(metric, "sum", "v", key);
        foreach (var store in new[] { "clickhouse", "postgresql" })
        {
            var (status, answer) = await host.GetAsync($"/v1/usage?metric={metric}&{Range}&min_position={position}&store={store}", key);
            status.ShouldBe(200, answer.ToString());
            answer.GetProperty("rows")[0].GetProperty("value").GetString().ShouldBe("0");
        }
    }

    [Fact]
    public async Task A_key_without_the_scope_is_refused()
    {
        (await host.GetAsync("/v1/usage?metric=x&" + Range, await host.KeyAsync("first", ApiScopes.Ingest))).Status.ShouldBe(403);
        (await host.GetAsync("/v1/usage?metric=x&" + Range, "nonsense")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task The_description_knows_both_calls()
    {
        var (_, document) = await host.GetAsync("/openapi/v1.json");
        var get = document.GetProperty("paths").GetProperty("/v1/usage").GetProperty("get");
        get.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString())
            .ShouldBe(["metric", "from", "to", "external_customer_id", "group_by", "filter", "window", "timezone", "fill", "min_position", "timeout", "store"]);
        get.GetProperty("responses").EnumerateObject().Select(r => r.Name).Order().ShouldBe(["200", "400", "401", "403", "404", "422", "503"]);
        var post = document.GetProperty("paths").GetProperty("/v1/usage/query").GetProperty("post");
        post.GetProperty("responses").EnumerateObject().Select(r => r.Name).ShouldContain("415");
        post.GetProperty("requestBody").GetProperty("content").EnumerateObject().Select(c => c.Name).ShouldBe(["application/json"]);
    }

    private async Task<string> SumAsync()
    {
        var code = $"sum{Interlocked.Increment(ref _metrics)}";
        await host.MetricAsync(code, "sum", "v");
        return code;
    }
}

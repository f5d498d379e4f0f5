using System.Text.Json;

namespace Bxb.Management.Tests;

[Collection(OneHost.Name)]
public sealed class BillableMetricTests(ManagementHost host)
{
    private const string Metrics = "/v1/billable_metrics";

    [Fact]
    public async Task A_metric_comes_back_as_it_was_sent()
    {
        var (_, key, _) = await host.OrganizationAsync();
        const string Sent = """
            {"code":"gb_out","name":"GB out","event_code":"api_calls","aggregation_type":"unique_count","field_name":"bytes","filters":[{"key":"region","values":["eu","us"]}],
            "group_keys":["region","a\\.b.c"],"rounding_function":"round","rounding_precision":2,"recurring":true,"description":"out"}
            """;
        var made = await host.PostAsync(Metrics, key, Sent);
        made.Status.ShouldBe(201, made.Text);
        made.Location.ShouldBe($"{Metrics}/gb_out");
        JsonElement.DeepEquals(made.Json, JsonDocument.Parse(Sent).RootElement).ShouldBeTrue(made.Text);
        (await host.GetAsync($"{Metrics}/gb_out", key)).Text.ShouldBe(made.Text);
        (await host.GetAsync(Metrics, key)).Text.ShouldBe($$"""{"billable_metrics":[{{made.Text}}]}""");
    }

    [Fact]
    public async Task What_is_left_out_takes_its_default()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.PostAsync(Metrics, key, """{"code":"calls","aggregation_type":"count","field_name":null}""")).Text.ShouldBe(
            """{"code":"calls","name":"calls","event_code":"calls","aggregation_type":"count","filters":[],"group_keys":[],"recurring":false}""");
    }

    [Theory]
    [InlineData("count", false)]
    [InlineData("sum", true)]
    [InlineData("max", true)]
    [InlineData("unique_count", true)]
    [InlineData("latest", true)]
    [InlineData("min", true)]
    [InlineData("avg", true)]
    [InlineData("weighted_sum", true)]
    public async Task Every_aggregation_takes_a_field_or_takes_none(string aggregation, bool takesField)
    {
        var (_, key, _) = await host.OrganizationAsync();
        var with = await host.PostAsync(Metrics, key, new { code = "with", aggregation_type = aggregation, field_name = "a.b" });
        var without = await host.PostAsync(Metrics, key, new { code = "without", aggregation_type = aggregation });
        (takesField ? with : without).Status.ShouldBe(201);
        var refused = takesField ? without : with;
        refused.ShouldBeProblem(422, "validation_failed");
        refused.Pointers.ShouldBe(["/field_name"]);
    }

    [Theory]
    [InlineData("""{}""", "/code", "/aggregation_type")]
    [InlineData("""{"code":"","aggregation_type":"count"}""", "/code")]
    [InlineData("""{"code":"..","aggregation_type":"count"}""", "/code")]
    [InlineData("""{"code":"x\u0000","aggregation_type":"count"}""", "/code")]
    [InlineData("""{"code":7,"aggregation_type":"median","formula":"1+1"}""", "/code", "/aggregation_type", "/formula")]
    [InlineData("""{"code":"x","aggregation_type":"percentile","field_name":"a"}""", "/percentile")]
    [InlineData("""{"code":"x","aggregation_type":"percentile","field_name":"a","percentile":1.000000000000000001}""", "/percentile")]
    [InlineData("""{"code":"x","aggregation_type":"percentile","field_name":"a","percentile":-0.1}""", "/percentile")]
    [InlineData("""{"code":"x","aggregation_type":"percentile","field_name":"a","percentile":0.1234567890123456789}""", "/percentile")]
    [InlineData("""{"code":"x","aggregation_type":"percentile","field_name":"a","percentile":"0.5"}""", "/percentile")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":"a","percentile":0.5}""", "/percentile")]
    [InlineData("""{"code":"x","aggregation_type":"custom"}""", "/expression")]
    [InlineData("""{"code":"x","aggregation_type":"custom","expression":"a +"}""", "/expression")]
    [InlineData("""{"code":"x","aggregation_type":"custom","expression":"a","field_name":"a"}""", "/field_name")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":"a","expression":"a"}""", "/expression")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":"a","recurring":true}""", "/recurring")]
    [InlineData("""{"code":"x","aggregation_type":"count","recurring":true}""", "/recurring")]
    [InlineData("""{"code":"x","aggregation_type":"Sum","field_name":"a"}""", "/aggregation_type")]
    [InlineData("""{"code":"x","aggregation_type":1,"field_name":"a"}""", "/aggregation_type")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":""}""", "/field_name")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":"a..b"}""", "/field_name")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":"a."}""", "/field_name")]
    [InlineData("""{"code":"x","aggregation_type":"sum","field_name":"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"}""", "/field_name")]
    [InlineData("""{"code":"x","aggregation_type":"count","name":""}""", "/name")]
    [InlineData("""{"code":"x","aggregation_type":"count","event_code":""}""", "/event_code")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"key":"a","values":[]}]}""", "/filters/0/values")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"values":["1"]},{"key":"a"}]}""", "/filters/0/key", "/filters/1/values")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"key":"a","values":[1]}]}""", "/filters/0/values/0")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"key":"a","values":["\u0000"]}]}""", "/filters/0/values/0")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"key":"a","values":["1","1"]}]}""", "/filters/0/values")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"key":"a","values":["1"]},{"key":"a","values":["2"]}]}""", "/filters")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[null]}""", "/filters/0")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":[{"key":"a","values":["1"],"a/b~c":1}]}""", "/filters/0/a~1b~0c")]
    [InlineData("""{"code":"x","aggregation_type":"count","filters":{"a":["1"]}}""", "/filters")]
    [InlineData("""{"code":"x","aggregation_type":"count","group_keys":["a","a"]}""", "/group_keys")]
    [InlineData("""{"code":"x","aggregation_type":"count","group_keys":[".a"]}""", "/group_keys/0")]
    [InlineData("""{"code":"x","aggregation_type":"count","rounding_precision":2}""", "/rounding_precision")]
    [InlineData("""{"code":"x","aggregation_type":"count","rounding_function":"round","rounding_precision":19}""", "/rounding_precision")]
    [InlineData("""{"code":"x","aggregation_type":"count","rounding_function":"round","rounding_precision":1.5}""", "/rounding_precision")]
    [InlineData("""{"code":"x","aggregation_type":"count","rounding_function":"half"}""", "/rounding_function")]
    [InlineData("""{"code":"x","aggregation_type":"count","recurring":"yes"}""", "/recurring")]
    [InlineData("""{"code":"x","aggregation_type":"count","organization_id":1}""", "/organization_id")]
    public async Task A_bad_metric_is_422_with_every_fault_and_nothing_is_stored(string body, params string[] pointers)
    {
        var (_, key, _) = await host.OrganizationAsync();
        var answer = await host.PostAsync(Metrics, key, body);
        answer.ShouldBeProblem(422, "validation_failed");
        answer.Pointers.ShouldBe(pointers, ignoreOrder: true);
        answer.Text.ShouldNotContain("Bxb.");
        (await host.GetAsync(Metrics, key)).Json.GetProperty("billable_metrics").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task An_unknown_aggregation_is_answered_with_those_that_exist()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.PostAsync(Metrics, key, new { code = "x", aggregation_type = "median" })).Text.ShouldContain("count, sum, max, unique_count, latest, min, avg, weighted_sum, percentile, custom");
    }

    [Theory]
    [InlineData("""{"code":"p","aggregation_type":"percentile","field_name":"a","percentile":0.95}""", "\"percentile\":0.95")]
    [InlineData("""{"code":"p","aggregation_type":"custom","expression":"max(0, \"gb out\" - 1) / 3"}""", "\"expression\":\"max(0, \\\"gb out\\\" - 1) / 3\"")]
    [InlineData("""{"code":"p","aggregation_type":"weighted_sum","field_name":"a","recurring":true}""", "\"recurring\":true")]
    public async Task A_metric_keeps_what_its_aggregation_needs(string body, string kept)
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.PostAsync(Metrics, key, body)).Status.ShouldBe(201);
        (await host.GetAsync($"{Metrics}/p", key)).Text.ShouldContain(kept);
    }

    [Fact]
    public async Task An_expression_that_is_wrong_is_answered_with_the_place_and_the_reason()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.PostAsync(Metrics, key, new { code = "x", aggregation_type = "custom", expression = "round(a, 19)" })).Text
            .ShouldContain("is wrong at character 13: The second argument must be a whole number from 0 to 18.");
    }

    [Theory]
    [InlineData("", 400, "invalid_json")]
    [InlineData("{", 400, "invalid_json")]
    [InlineData("""{"code":"x",}""", 400, "invalid_json")]
    [InlineData("""{"code":"x"} {}""", 400, "invalid_json")]
    [InlineData("""{"code":"\ud800"}""", 400, "invalid_json")]
    [InlineData("""{"code":"x","code":"x"}""", 400, "duplicate_member")]
    [InlineData("""{"code":"x","c\u006fde":"x"}""", 400, "duplicate_member")]
    [InlineData("{\"code\":\"\u00ff\"}", 400, "invalid_utf8")]
    [InlineData("{}\u00ef\u00bb\u00bf", 400, "invalid_json")]
    public async Task A_body_that_is_not_json_is_400(string latin1, int status, string code)
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.SendAsync(HttpMethod.Post, Metrics, key, latin1)).ShouldBeProblem(status, code);
    }

    [Fact]
    public async Task Deep_large_and_foreign_bodies_are_refused()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.SendAsync(HttpMethod.Post, Metrics, key, new string('[', 100_000))).ShouldBeProblem(400, "invalid_json");
        (await host.SendAsync(HttpMethod.Post, Metrics, key, "\"" + new string('x', 1_200_000) + "\"")).ShouldBeProblem(413, "payload_too_large");
        (await host.SendAsync(HttpMethod.Post, Metrics, key, "{}", "text/plain")).ShouldBeProblem(415, "unsupported_media_type");
        (await host.SendAsync(HttpMethod.Post, Metrics, key, "{}", null)).ShouldBeProblem(415, "unsupported_media_type");
        (await host.SendAsync(HttpMethod.Post, Metrics, key, "{}", "application/json; charset=utf-16")).ShouldBeProblem(415, "unsupported_media_type");
        (await host.SendAsync(HttpMethod.Patch, Metrics, key, "{}")).ShouldBeProblem(405, "method_not_allowed");
        (await host.PostAsync(Metrics + "?dry=1", key, new { })).ShouldBeProblem(400, "invalid_parameter");
    }

    [Fact]
    public async Task Limits_hold_at_their_edges()
    {
        var (_, key, _) = await host.OrganizationAsync();
        object Metric(string code, int filters, int values, int groups) => new
        {
            code,
            aggregation_type = "count",
            filters = Enumerable.Range(0, filters).Select(f => new { key = $"k{f}", values = Enumerable.Range(0, values).Select(v => $"v{v}") }),
            group_keys = Enumerable.Range(0, groups).Select(g => $"g{g}"),
        };
        (await host.PostAsync(Metrics, key, Metric("edge", 50, 200, 20))).Status.ShouldBe(201);
        (await host.PostAsync(Metrics, key, Metric("x", 51, 1, 0))).Pointers.ShouldBe(["/filters"]);
        (await host.PostAsync(Metrics, key, Metric("x", 1, 201, 0))).Pointers.ShouldBe(["/filters/0/values"]);
        (await host.PostAsync(Metrics, key, Metric("x", 0, 0, 21))).Pointers.ShouldBe(["/group_keys"]);
    }

    [Fact]
    public async Task Codes_are_any_text_and_told_apart_byte_by_byte()
    {
        var (_, key, _) = await host.OrganizationAsync();
        string[] codes = ["a/b", "a%2Fb", "A/b", "caf\u00e9", "cafe\u0301", "\U0001F600", " ", "a b+c?d#e", "...", new string('\u00fc', 255), "\uFFFD"];
        foreach (var code in codes)
        {
            var made = await host.PostAsync(Metrics, key, new { code, aggregation_type = "count" });
            made.Status.ShouldBe(201, made.Text);
            var path = $"{Metrics}/{Uri.EscapeDataString(code)}";
            made.Location.ShouldBe(path);
            (await host.GetAsync(path, key)).Json.GetProperty("code").GetString().ShouldBe(code);
        }

        (await host.GetAsync(Metrics, key)).Json.GetProperty("billable_metrics").GetArrayLength().ShouldBe(codes.Length);
        foreach (var code in codes)
        {
            (await host.DeleteAsync($"{Metrics}/{Uri.EscapeDataString(code)}", key)).Status.ShouldBe(204);
        }

        (await host.GetAsync($"{Metrics}/%00", key)).Status.ShouldBeOneOf(400, 404);
        (await host.GetAsync($"{Metrics}/%ff", key)).Status.ShouldBeOneOf(400, 404);
        (await host.GetAsync($"{Metrics}/a/b", key)).ShouldBeProblem(404, "not_found");
    }

    [Fact]
    public async Task A_list_pages_through_every_metric_in_order_while_others_come()
    {
        var (_, key, _) = await host.OrganizationAsync();
        foreach (var code in "bdfhj")
        {
            (await host.PostAsync(Metrics, key, new { code = $"{code}", aggregation_type = "count" })).Status.ShouldBe(201);
        }

        var first = (await host.GetAsync(Metrics + "?limit=2", key)).Json;
        (await host.PostAsync(Metrics, key, new { code = "a", aggregation_type = "count" })).Status.ShouldBe(201);
        (await host.DeleteAsync(Metrics + "/d", key)).Status.ShouldBe(204);
        var second = (await host.GetAsync($"{Metrics}?limit=2&cursor={first.GetProperty("next_cursor")}", key)).Json;
        var last = (await host.GetAsync($"{Metrics}?limit=1&cursor={second.GetProperty("next_cursor")}", key)).Json;
        Codes(first).Concat(Codes(second)).Concat(Codes(last)).ShouldBe(["b", "d", "f", "h", "j"]);
        last.TryGetProperty("next_cursor", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Put_replaces_all_but_the_code()
    {
        var (_, key, _) = await host.OrganizationAsync();
        (await host.PostAsync(Metrics, key, new { code = "m", name = "old", aggregation_type = "sum", field_name = "a", description = "gone" })).Status.ShouldBe(201);
        var replaced = await host.PutAsync(Metrics + "/m", key, new { aggregation_type = "max", field_name = "b" });
        replaced.Status.ShouldBe(200, replaced.Text);
        replaced.Text.ShouldBe("""{"code":"m","name":"m","event_code":"m","aggregation_type":"max","field_name":"b","filters":[],"group_keys":[],"recurring":false}""");
        (await host.GetAsync(Metrics + "/m", key)).Text.ShouldBe(replaced.Text);
        (await host.PutAsync(Metrics + "/m", key, new { code = "m", aggregation_type = "count" })).Status.ShouldBe(200);
        (await host.PutAsync(Metrics + "/m", key, new { code = "n", aggregation_type = "count" })).Pointers.ShouldBe(["/code"]);
        (await host.PutAsync(Metrics + "/n", key, new { aggregation_type = "count" })).ShouldBeProblem(404, "not_found");
        (await host.DeleteAsync(Metrics + "/m", key)).Status.ShouldBe(204);
        (await host.DeleteAsync(Metrics + "/m", key)).ShouldBeProblem(404, "not_found");
        (await host.GetAsync(Metrics + "/m", key)).ShouldBeProblem(404, "not_found");
    }

    [Fact]
    public async Task Of_equal_codes_at_once_one_is_made()
    {
        var (_, key, _) = await host.OrganizationAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => host.PostAsync(Metrics, key, new { code = "same", aggregation_type = "count" })));
        answers.Count(a => a.Status == 201).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.Status != 201))
        {
            refused.ShouldBeProblem(409, "already_exists");
        }
    }

    [Fact]
    public async Task Two_organizations_see_nothing_of_each_other()
    {
        var (mineId, mine, _) = await host.OrganizationAsync();
        var (otherId, other, _) = await host.OrganizationAsync();
        (await host.PostAsync(Metrics, mine, new { code = "m", name = "mine", aggregation_type = "count" })).Status.ShouldBe(201);
        (await host.GetAsync(Metrics + "/m", other)).ShouldBeProblem(404, "not_found");
        (await host.PutAsync(Metrics + "/m", other, new { aggregation_type = "count" })).ShouldBeProblem(404, "not_found");
        (await host.DeleteAsync(Metrics + "/m", other)).ShouldBeProblem(404, "not_found");
        (await host.GetAsync(Metrics, other)).Text.ShouldBe("""{"billable_metrics":[]}""");
        (await host.PostAsync(Metrics, other, new { code = "m", name = "other's", aggregation_type = "count" })).Status.ShouldBe(201);
        (await host.Catalog.FindAsync(mineId, "m", default))!.Name.ShouldBe("mine");
        (await host.Catalog.FindAsync(otherId, "m", default))!.Name.ShouldBe("other's");
        (await host.DeleteAsync(Metrics + "/m", other)).Status.ShouldBe(204);
        (await host.Catalog.FindAsync(otherId, "m", default)).ShouldBeNull();
        (await host.Catalog.FindAsync(mineId, "m", default)).ShouldNotBeNull();
    }

    private static IEnumerable<string?> Codes(JsonElement page) => page.GetProperty("billable_metrics").EnumerateArray().Select(m => m.GetProperty("code").GetString());
}

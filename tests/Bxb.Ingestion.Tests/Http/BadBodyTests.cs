using System.Net;
using System.Text;

namespace Bxb.Ingestion.Tests.Http;

/// <summary>Every way in which a body can be wrong, its status, its code and its place.</summary>
[Collection(IngestionCollection.Name)]
public sealed class BadBodyTests(IngestionApp app)
{
    private const string Start = """{"transaction_id":"t","external_customer_id":"c","code":"a",""";

    public static TheoryData<string, string> NotJson => new()
    {
        { "", "empty" }, { " \r\n\t ", "empty" }, { "\uFEFF\uFEFF" + Start + "\"timestamp\":1}", "byte 3" }, { Start + "\uFEFF\"timestamp\":1}", "byte 60" }, { "\uFEFF", "empty" }, { "{", "breaks off at byte 1" }, { "nul", "breaks off at byte 3" },
        { "{}{}", "byte 2" }, { Start + "\"timestamp\":1}x", "byte 74" }, { "{\"code\":}", "byte 8" }, { "{'code':1}", "byte 1" }, { "{\"code\":\"a\nb\"}", "byte 10" },
        { "{\"code\":01}", "byte 9" }, { "{\"code\":1,}", "byte 10" }, { "/*x*/{}", "byte 0" }, { "{\"code\":NaN}", "byte 8" }, { "{\"code\":\"\\x\"}", "byte 10" },
        { "{\n\n\"code\": tru}", "byte 14" }, { "transaction_id=t", "byte 2" }, { "<event/>", "byte 0" },
    };

    public static TheoryData<string, string> NotValid => new()
    {
        { "[]", "" }, { "null", "" }, { "1", "" }, { "\"x\"", "" }, { "true", "" },
        { Start + "\"colour\":1}", "/colour" }, { Start + "\"\":1}", "/" }, { Start + "\"a/b~c\":{\"x\":[1]}}", "/a~1b~0c" }, { Start + "\"Code\":1}", "/Code" },
        { Start + "\"timestamp\":\"2026-01-01T00:00:00\"}", "/timestamp" }, { Start + "\"timestamp\":\"soon\"}", "/timestamp" }, { Start + "\"timestamp\":\"\"}", "/timestamp" },
        { Start + "\"timestamp\":-1}", "/timestamp" }, { Start + "\"timestamp\":1e1131071}", "/timestamp" }, { Start + "\"timestamp\":\"\\ud800\"}", "/timestamp" },
        { Start + "\"timestamp\":\"2999-01-01T00:00:00Z\"}", "/timestamp" }, { Start + "\"timestamp\":\"1969-12-31T23:59:59Z\"}", "/timestamp" },
        { Start + "\"timestamp\":{}}", "/timestamp" }, { Start + "\"timestamp\":[1]}", "/timestamp" }, { Start + "\"timestamp\":false}", "/timestamp" },
        { Start + "\"properties\":[]}", "/properties" }, { Start + "\"properties\":\"{}\"}", "/properties" }, { Start + "\"properties\":1}", "/properties" },
        { Start + "\"properties\":{\"\":1}}", "/properties/" }, { Start + "\"properties\":{\"a\":1e1131071}}", "/properties/a" },
        { Start + "\"properties\":{\"a\":[0," + "-1e-131071" + "]}}", "/properties/a/1" },
        { Start + "\"properties\":{\"a\":{\"b\":\"\\u0000\"}}}", "/properties/a/b" }, { Start + "\"properties\":{\"a\":\"\\ud800\"}}", "/properties/a" },
        { """{"external_customer_id":"c","code":"a"}""", "/transaction_id" }, { """{"transaction_id":"t","code":"a"}""", "/external_customer_id" },
        { """{"transaction_id":".","external_customer_id":"c","code":"a"}""", "/transaction_id" }, { """{"transaction_id":"\u002e.","external_customer_id":".","code":"a"}""", "/transaction_id" },
        { """{"transaction_id":"t","external_customer_id":"..","code":".."}""", "/code" }, { """{"transaction_id":"...","external_customer_id":"c","code":"."}""", "/code" },
        { """{"transaction_id":"t","external_customer_id":"c"}""", "/code" }, { """{"transaction_id":"t","external_customer_id":"c","code":""}""", "/code" },
        { """{"transaction_id":"t","external_customer_id":"c","code":null}""", "/code" }, { """{"transaction_id":7,"external_customer_id":"c","code":"a"}""", "/transaction_id" },
        { """{"transaction_id":["t"],"external_customer_id":"c","code":"a"}""", "/transaction_id" }, { """{"transaction_id":"a\u0000","external_customer_id":"c","code":"a"}""", "/transaction_id" },
        { """{"transaction_id":"t","external_customer_id":"\udc00","code":"a"}""", "/external_customer_id" },
        { $$"""{"transaction_id":"{{new string('x', 256)}}","external_customer_id":"c","code":"a"}""", "/transaction_id" },
        { $$"""{"transaction_id":"t","external_customer_id":"{{string.Concat(Enumerable.Repeat("é", 256))}}","code":"a"}""", "/external_customer_id" },
    };

    public static TheoryData<string, string, int> NamedTwice => new()
    {
        { Start + "\"code\":\"a\"}", "/code", 60 }, { Start + "\"c\\u006fde\":\"b\"}", "/code", 60 }, { Start + "\"x\":1,\"x\":2}", "/x", 66 },
        { """{"timestamp":1,"timestamp":1}""", "/timestamp", 15 }, { Start + "\"properties\":{\"a\":1,\"a\":1}}", "/properties/a", -1 },
        { Start + "\"properties\":{\"a\":{\"b\":1,\"\\u0062\":1}}}", "/properties/a/b", -1 },
    };

    [Theory]
    [MemberData(nameof(NotJson))]
    public async Task What_is_not_JSON_is_400_with_its_place(string body, string place)
    {
        var caller = app.NewOrganization();
        foreach (var answer in new[] { await caller.PostEventAsync(body), await caller.PostBatchAsync(body), await caller.PostBatchAsync(body, partial: true) })
        {
            answer.Status.ShouldBe(HttpStatusCode.BadRequest, body);
            answer.Code.ShouldBe("invalid_json", body);
        }

        (await caller.PostEventAsync(body)).Detail.ShouldNotBeNull().ShouldContain(place);
        (await caller.CountAsync()).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(NotValid))]
    public async Task What_breaks_a_rule_is_422_with_its_pointer(string body, string pointer)
    {
        var caller = app.NewOrganization();
        var single = await caller.PostEventAsync(body);
        single.Status.ShouldBe(HttpStatusCode.UnprocessableEntity, body);
        single.Code.ShouldBe("validation_failed");
        single.Pointers.ShouldBe([pointer], body);
        single.Json["errors"]![0]!["reason"].ShouldNotBeNull();

        var batch = await caller.PostBatchAsync(Requests.Batch(Requests.Event("good"), body));
        batch.Status.ShouldBe(HttpStatusCode.UnprocessableEntity, body);
        batch.Pointers.ShouldBe(["/events/1" + pointer], body);
        (await caller.CountAsync()).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(NamedTwice))]
    public async Task A_member_twice_is_400_with_pointer_and_byte(string body, string pointer, int offset)
    {
        var caller = app.NewOrganization();
        var answer = await caller.PostEventAsync(body);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest, body);
        answer.Code.ShouldBe("duplicate_member");
        answer.Pointers.ShouldContain(pointer);
        answer.Detail.ShouldNotBeNull().ShouldContain(offset < 0 ? "byte " : $"byte {offset}.");

        var batch = await caller.PostBatchAsync(Requests.Batch(Requests.Event("good"), body), partial: true);
        batch.Status.ShouldBe(HttpStatusCode.BadRequest, body);
        batch.Pointers.ShouldContain("/events/1" + pointer);
        (await caller.CountAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("[]", "")]
    [InlineData("null", "")]
    [InlineData("{}", "/events")]
    [InlineData("""{"events":[]}""", "/events")]
    [InlineData("""{"events":{}}""", "/events")]
    [InlineData("""{"events":null}""", "/events")]
    public async Task A_batch_has_a_form(string body, string pointer)
    {
        var answer = await app.NewOrganization().PostBatchAsync(body, partial: true);
        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity, body);
        answer.Pointers.ShouldBe([pointer], body);
    }

    [Fact]
    public async Task A_batch_of_a_strange_form_is_refused_whole()
    {
        var caller = app.NewOrganization();
        var extra = await caller.PostBatchAsync($$"""{"mode":"x","events":[{{Requests.Event("t")}}]}""", partial: true);
        extra.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        extra.Pointers.ShouldBe(["/mode"]);
        var twice = await caller.PostBatchAsync($$"""{"events":[{{Requests.Event("t")}}],"events":[{{Requests.Event("u")}}]}""", partial: true);
        twice.Status.ShouldBe(HttpStatusCode.BadRequest);
        twice.Code.ShouldBe("duplicate_member");
        (await caller.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_400_with_their_place()
    {
        var caller = app.NewOrganization();
        foreach (var bad in new byte[][] { [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80] })
        {
            byte[] body = [.. Encoding.UTF8.GetBytes(Start + "\"properties\":{\"é\":\""), .. bad, .. "\"}}"u8];
            var answer = await caller.SendAsync("/v1/events", body);
            answer.Status.ShouldBe(HttpStatusCode.BadRequest);
            answer.Code.ShouldBe("invalid_utf8");
            answer.Detail.ShouldNotBeNull().ShouldContain($"byte {Start.Length + 20}.");
        }

        (await caller.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Depth_is_a_rule_of_properties_and_no_question_of_grammar()
    {
        var caller = app.NewOrganization();
        foreach (var depth in new[] { 16, 17, 100, 50_000 })
        {
            var body = Start + "\"properties\":" + string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth);
            var answer = await caller.PostBatchAsync(Requests.Batch(body));
            answer.Status.ShouldBe(depth == 16 ? HttpStatusCode.Created : HttpStatusCode.UnprocessableEntity, $"depth {depth}: {answer.Detail}");
        }

        var deep = await caller.PostBatchAsync(Requests.Batch(Start + "\"x\":" + new string('[', 100_000) + new string(']', 100_000) + "}"));
        deep.Pointers.ShouldBe(["/events/0/x"]);
    }

    [Fact]
    public async Task All_faults_of_one_event_are_named_at_once()
    {
        var answer = await app.NewOrganization().PostEventAsync(
            """{"timestamp":"never","code":"","transaction_id":"a\u0000","colour":"red","properties":{"n":1e200,"":2,"deep":{"a":"\udfff"}}}""");
        answer.Pointers.ShouldBe(
            ["/timestamp", "/code", "/transaction_id", "/colour", "/properties/n", "/properties/", "/properties/deep/a", "/external_customer_id"], ignoreOrder: true);
    }
}

using System.IO.Compression;
using System.Net;
using System.Text;

namespace Bxb.Ingestion.Tests.Http;

/// <summary>How a body may come: its type, its encoding, its length.</summary>
[Collection(IngestionCollection.Name)]
public sealed class BodyTests(IngestionApp app)
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(Requests.Event("t", """{"text":"äöü"}"""));

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=UTF-8")]
    [InlineData("application/json;charset=\"utf-8\"")]
    [InlineData("application/json; charset=utf8")]
    [InlineData("application/json; charset=\"UTF8\"")]
    [InlineData("application/json; version=1")]
    public async Task JSON_in_UTF8_is_taken(string contentType)
        => (await app.NewOrganization().SendAsync("/v1/events", Body, contentType)).Status.ShouldBe(HttpStatusCode.Created);

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/x-ndjson")]
    [InlineData("application/cloudevents+json")]
    [InlineData("application/cloudevents-batch+json")]
    [InlineData(";;;")]
    public async Task Other_types_are_415_with_what_is_taken(string? contentType)
    {
        var caller = app.NewOrganization();
        foreach (var path in new[] { "/v1/events", "/v1/events/batch" })
        {
            var answer = await caller.SendAsync(path, Body, contentType);
            answer.Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
            answer.Code.ShouldBe("unsupported_media_type");
            answer.Detail.ShouldNotBeNull().ShouldContain("application/json");
            answer.Headers.NonValidated["Accept"].ToString().ShouldBe("application/json");
        }
    }

    [Theory]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    public async Task Other_encodings_are_415_with_what_is_taken(string encoding)
    {
        var answer = await app.NewOrganization().SendAsync("/v1/events", Body, encoding: encoding);
        answer.Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        answer.Headers.NonValidated["Accept-Encoding"].ToString().ShouldContain("gzip");
    }

    [Theory]
    [InlineData("gzip", false)]
    [InlineData("GZIP", true)]
    [InlineData("x-gzip", true)]
    public async Task Gzip_is_read(string encoding, bool chunked)
    {
        var caller = app.NewOrganization();
        (await caller.SendAsync("/v1/events", await GzipAsync(Body), encoding: encoding, chunked: chunked)).Status.ShouldBe(HttpStatusCode.Created);
        (await caller.PostEventAsync(Encoding.UTF8.GetString(Body))).Status.ShouldBe(HttpStatusCode.OK);
        (await caller.SendAsync("/v1/events", Body, encoding: "identity", chunked: chunked)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Gzip_of_several_members_and_a_byte_order_mark_are_read()
    {
        var caller = app.NewOrganization();
        byte[] marked = [0xEF, 0xBB, 0xBF, .. Body];
        (await caller.SendAsync("/v1/events", marked)).Status.ShouldBe(HttpStatusCode.Created);
        byte[] members = [.. await GzipAsync(marked[..40]), .. await GzipAsync([]), .. await GzipAsync(marked[40..])];
        (await caller.SendAsync("/v1/events", members, encoding: "gzip")).Status.ShouldBe(HttpStatusCode.OK);
        (await caller.PostEventAsync(Requests.Event("t", "{\"text\":\"\uFEFF\"}"))).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Gzip_that_is_cut_or_changed_is_400()
    {
        var caller = app.NewOrganization();
        var whole = await GzipAsync(Body);
        var broken = Enumerable.Range(0, whole.Length).Select(length => whole[..length]).ToList();
        broken.Add([.. whole, 0]);
        broken.Add(Body);
        for (var i = whole.Length / 2; i < whole.Length; i += 7)
        {
            var changed = (byte[])whole.Clone();
            changed[i] ^= 0x55;
            broken.Add(changed);
        }

        foreach (var body in broken)
        {
            var answer = await caller.SendAsync("/v1/events", body, encoding: "gzip");
            answer.Status.ShouldBe(HttpStatusCode.BadRequest);
            answer.Code.ShouldBe("invalid_encoding");
        }

        (await caller.CountAsync()).ShouldBe(0);
        (await caller.SendAsync("/v1/events", [.. whole, .. whole], encoding: "gzip")).Code.ShouldBe("invalid_json");
        (await caller.SendAsync("/v1/events", Convert.FromBase64String("H4sIAAAAAAAAAwMAAAAAAAAAAAA="), encoding: "gzip")).Code.ShouldBe("invalid_json");
    }

    [Fact]
    public async Task A_bomb_ends_at_the_limit()
    {
        var caller = app.NewOrganization();
        var bomb = await GzipAsync(new byte[100 * 1024 * 1024]);
        bomb.Length.ShouldBeLessThan(200 * 1024);
        foreach (var path in new[] { "/v1/events", "/v1/events/batch" })
        {
            var answer = await caller.SendAsync(path, bomb, encoding: "gzip");
            answer.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
            answer.Code.ShouldBe("payload_too_large");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_may_be_as_large_as_the_limit_and_no_larger(bool chunked)
    {
        const int limit = 256 * 1024;
        var caller = app.NewOrganization();
        var body = Encoding.UTF8.GetBytes(Requests.Event("t").PadRight(limit));
        (await caller.SendAsync("/v1/events", body, chunked: chunked)).Status.ShouldBe(HttpStatusCode.Created);
        (await caller.SendAsync("/v1/events", await GzipAsync(body), encoding: "gzip", chunked: chunked)).Status.ShouldBe(HttpStatusCode.OK);
        byte[] over = [.. body, (byte)' '];
        (await caller.SendAsync("/v1/events", over, chunked: chunked)).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await caller.SendAsync("/v1/events", await GzipAsync(over), encoding: "gzip", chunked: chunked)).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_large_batch_comes_in_whole(bool chunked)
    {
        var caller = app.NewOrganization();
        var padding = new string('x', 3000);
        var body = Encoding.UTF8.GetBytes(Requests.Batch(Enumerable.Range(0, 3000).Select(i => Requests.Event($"t-{i}", $$"""{"padding":"{{padding}}"}"""))));
        (await caller.SendAsync("/v1/events/batch", body, chunked: chunked)).Status.ShouldBe(HttpStatusCode.Created);
        (await caller.SendAsync("/v1/events/batch", await GzipAsync(body), encoding: "gzip", chunked: chunked)).Json["duplicates"]!.GetValue<int>().ShouldBe(3000);
    }

    [Fact]
    public async Task Numbers_that_are_written_out_cannot_outgrow_the_limit()
    {
        // Each costs 6 bytes in the body and 100 written out.
        var numbers = "[" + string.Join(',', Enumerable.Repeat("1e99", 600)) + "]";
        var caller = app.NewOrganization();
        var answer = await caller.PostBatchAsync(Requests.Batch(Enumerable.Range(0, 1500).Select(i => Requests.Event($"t-{i}", $$"""{"n":{{numbers}}}"""))));
        answer.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await caller.CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Other_methods_are_405_with_what_is_allowed()
    {
        var caller = app.NewOrganization();
        using var response = await caller.DeleteAsync(new Uri("/v1/events", UriKind.Relative));
        var answer = await Answer.OfAsync(response);
        answer.Status.ShouldBe(HttpStatusCode.MethodNotAllowed);
        answer.ContentHeaders.Allow.ShouldBe(["GET", "POST"], ignoreOrder: true);
    }

    private static async Task<byte[]> GzipAsync(byte[] plain)
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            await gzip.WriteAsync(plain);
        }

        return packed.ToArray();
    }
}

using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.Modularity.Tests;

public sealed class HttpTests : IAsyncLifetime
{
    private readonly HttpClient _http = new(new SocketsHttpHandler());
    private WebApplication _app = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.UsePathBase("/base/of/all");
        _app.UseProblemDocuments();
        _app.UseRouting();
        _app.MapPost("/body", async (HttpContext http) => (await ApiBody.ReadAsync<Named>(http, 1000)).Name);
        _app.MapPost("/optional", async (HttpContext http) => (await ApiBody.ReadOptionalAsync<Named>(http, 1000))?.Name ?? "none");
        _app.MapGet("/none", () => "ok").AllowQuery();
        _app.MapGet("/some", (HttpContext http) => $"{ApiQuery.Limit(http, 50, 1000)} {PageCursor.Read(http, "some", 7)}")
            .AllowQuery("limit", "cursor", new QueryParameter("customer", "", IsRepeatable: true), new QueryParameter("filter", "", IsFamily: true));
        // A plain request delegate has no filters, and is guarded all the same.
        _app.MapGet("/plain", (RequestDelegate)(http => http.Response.WriteAsync("ok"))).AllowQuery("a");
        _app.MapGet("/text/{text}", (HttpContext http) => PathText.Segment(http, 1) ?? "(none)");
        _app.MapGet("/bound", (int number) => number);
        _app.MapGet("/fails", string () => throw new InvalidOperationException("the inside of the host"));
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.First());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("/none", 200)]
    [InlineData("/none?x", 400)]
    [InlineData("/none?x=1", 400)]
    [InlineData("/some?limit=7&customer=a&customer=b&filter[a]=1&filter[a]=2&filter[b.c]=", 200)]
    [InlineData("/some?limit=1&limit=1", 400)]
    [InlineData("/some?LIMIT=1&Limit=2", 400)]
    [InlineData("/some?filter=1", 400)]
    [InlineData("/some?filter[]=1", 400)]
    [InlineData("/some?limit=0", 400)]
    [InlineData("/some?limit=%2B1", 400)]
    [InlineData("/some?limit=1e2", 400)]
    [InlineData("/some?limit=%D9%A1", 400)]
    [InlineData("/some?cursor=", 400)]
    [InlineData("/some?cursor=%C3%BC", 400)]
    [InlineData("/some?cursor=_w", 400)]
    [InlineData("/plain?a=1", 200)]
    [InlineData("/plain?b=1", 400)]
    [InlineData("/plain?a=%00", 400)]
    [InlineData("/some?cursor=AA", 400)]
    [InlineData("/bound?number=x", 400)]
    [InlineData("/bound", 400)]
    public async Task Query_parameters_are_what_the_call_knows_or_400(string path, int status)
    {
        using var response = await _http.GetAsync(path);
        ((int)response.StatusCode).ShouldBe(status);
        if (status == 400)
        {
            (await CodeAsync(response)).ShouldBe("invalid_parameter");
        }
    }

    [Fact]
    public async Task A_cursor_is_opaque_and_comes_back()
    {
        var cursor = PageCursor.After("some", 7, "a/b \U0001F600");
        cursor.ShouldNotContain("/");
        (await _http.GetStringAsync($"/some?cursor={cursor}")).ShouldBe("50 a/b \U0001F600");
    }

    [Fact]
    public async Task A_cursor_of_another_list_or_owner_or_with_a_changed_key_is_refused()
    {
        var cursor = PageCursor.After("some", 7, 17);
        (await _http.GetStringAsync($"/some?cursor={cursor}")).ShouldBe("50 17");
        var changed = cursor[..^1] + (cursor[^1] == 'A' ? 'Q' : 'A');
        foreach (var refused in new[] { PageCursor.After("other", 7, 17), PageCursor.After("some", 8, 17), PageCursor.After("some", 7, ""), PageCursor.After("some", 7, "\0"), changed })
        {
            using var response = await _http.GetAsync($"/some?cursor={refused}");
            ((int)response.StatusCode).ShouldBe(400, refused);
        }
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%2Fb", "a/b", "/base/of/all")]
    [InlineData("a%2Fb", "a/b", "/b%61se/of/ALL")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("%F0%9F%98%80", "\U0001F600")]
    [InlineData("a+b%20c%", "a+b c%")]
    [InlineData("%FF", "(none)")]
    public async Task A_path_segment_is_decoded_once(string segment, string text, string pathBase = "")
    {
        // Written by hand: clients would repair the escapes.
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync("127.0.0.1", _http.BaseAddress!.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {pathBase}/text/{segment}?q=/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync();
        if (!answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal))
        {
            answer.ShouldContain(text);
        }
        else
        {
            text.ShouldBe("(none)", answer);
        }
    }

    [Fact]
    public async Task Gzip_is_taken_and_a_bomb_a_torn_or_a_false_one_is_not()
    {
        (await PostAsync("/body", await GzipAsync("{\"name\":\"packed\"}"), "gzip")).ShouldBe((200, "packed"));
        (await PostAsync("/body", await GzipAsync("{\"name\":\"" + new string('x', 10_000_000) + "\"}"), "gzip")).ShouldBe((413, "payload_too_large"));
        (await PostAsync("/body", (await GzipAsync("{\"name\":\"packed\"}"))[..^12], "gzip")).Status.ShouldBe(400);
        (await PostAsync("/body", Encoding.UTF8.GetBytes("{\"name\":\"plain\"}"), "gzip")).ShouldBe((400, "invalid_encoding"));
        (await PostAsync("/body", [1], "br")).ShouldBe((415, "unsupported_media_type"));
        (await PostAsync("/body", Encoding.UTF8.GetBytes("{\"name\":\"plain\"}"), null)).ShouldBe((200, "plain"));
        (await PostAsync("/body", Encoding.UTF8.GetBytes("{\"name\":\"" + new string('x', 1000) + "\"}"), null)).ShouldBe((413, "payload_too_large"));
    }

    [Fact]
    public async Task A_body_may_be_left_out_only_where_the_call_says_so()
    {
        using var absent = await _http.PostAsync("/optional", null);
        (await absent.Content.ReadAsStringAsync()).ShouldBe("none");
        (await PostAsync("/optional", "{\"name\":\"here\"}"u8.ToArray(), null)).ShouldBe((200, "here"));
        using var needed = await _http.PostAsync("/body", null);
        ((int)needed.StatusCode).ShouldBe(415);
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, "not_found")]
    [InlineData("DELETE", "/none", 405, "method_not_allowed")]
    [InlineData("GET", "/fails", 500, "internal_error")]
    public async Task Every_error_is_a_problem_document_that_tells_nothing_of_the_inside(string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await _http.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await CodeAsync(response)).ShouldBe(code);
        (await response.Content.ReadAsStringAsync()).ShouldNotContain("inside of the host");
        if (status == 405)
        {
            response.Content.Headers.Allow.ShouldBe(["GET"]);
        }
    }

    [Fact]
    public void Codes_are_unique_and_have_one_status()
        => ErrorCode.All.Select(c => c.Code).ShouldBeUnique();

    private async Task<(int Status, string Text)> PostAsync(string path, byte[] body, string? encoding)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await _http.PostAsync(path, content);
        return ((int)response.StatusCode, response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : await CodeAsync(response));
    }

    private static async Task<string> CodeAsync(HttpResponseMessage response)
        => JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString()!;

    private static async Task<byte[]> GzipAsync(string text)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private sealed class Named
    {
        public string? Name { get; init; }
    }
}

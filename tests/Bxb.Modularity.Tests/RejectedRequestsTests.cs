using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Bxb.Modularity.Tests;

/// <summary>Requests that the server rejects by itself, on a real Kestrel and written by hand: no client would send them.</summary>
public sealed class RejectedRequestsTests : IAsyncLifetime
{
    private WebApplication _app = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AnswerRejectedRequests();
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(100, TimeSpan.FromSeconds(1.1));
        });
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.UseProblemDocuments();
        _app.MapGet("/ok", () => "fine");
        _app.MapPost("/body", async (HttpContext http) =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            return "read";
        });
        await _app.StartAsync();
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public static TheoryData<string, int, string> Rejected => new()
    {
        { "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "invalid_request" },
        { "GET /ok HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400, "invalid_request" },
        { "GET /ok HTTP/1.1\r\n\r\n", 400, "invalid_request" },
        { "nonsense\r\n\r\n", 400, "invalid_request" },
        { $"GET /{new string('x', 10_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 414, "target_too_long" },
        { $"GET /ok HTTP/1.1\r\nHost: x\r\nX-Large: {new string('x', 50_000)}\r\n\r\n", 431, "headers_too_large" },
        { "GET /ok HTTP/1.1\r\nHost:", 408, "request_timeout" },
        { "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "invalid_request" },
        { "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1", 408, "request_timeout" },
        { "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n1", 413, "payload_too_large" },
        { "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n1", 400, "invalid_request" },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public async Task The_answer_is_a_problem_document(string request, int status, string code)
    {
        var (head, body) = Split(await SendAsync(request));
        head.ShouldStartWith($"HTTP/1.1 {status} ");
        head.ShouldContain("Content-Type: application/problem+json");
        var problem = JsonNode.Parse(body)!;
        problem["code"]!.GetValue<string>().ShouldBe(code);
        problem["status"]!.GetValue<int>().ShouldBe(status);
        problem["detail"]!.GetValue<string>().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Requests_before_it_on_the_connection_have_their_answers()
    {
        var answer = await SendAsync("GET /ok HTTP/1.1\r\nHost: x\r\n\r\nGET /ok HTTP/1.1\r\nHost: x\r\n\r\nGET /%00 HTTP/1.1\r\nHost: x\r\n\r\n");
        answer.Split("HTTP/1.1 200 OK").Length.ShouldBe(3);
        answer.Split("fine").Length.ShouldBe(3);
        answer.Split("HTTP/1.1 400 Bad Request").Length.ShouldBe(2);
        answer.ShouldEndWith("}");
    }

    private static (string Head, string Body) Split(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var (head, body) = (answer[..end], answer[(end + 4)..]);
        return (head, head.Contains("chunked", StringComparison.Ordinal) ? body.Split("\r\n")[1] : body);
    }

    private async Task<string> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(_app.Urls.First()).Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }
}

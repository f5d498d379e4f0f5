using System.Net.Http.Headers;
using System.Text;

namespace Bxb.Embedded.Tests;

/// <summary>Bare HTTP to an engine, for tests of the interface itself.</summary>
internal static class EngineHttp
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false });

    public static Task<HttpResponseMessage> PostAsync(Uri database, string query, string body) => PostAsync(database, query, Encoding.UTF8.GetBytes(body));

    public static Task<HttpResponseMessage> PostAsync(Uri database, string query, byte[] body, CancellationToken ct = default) =>
        SendAsync(database, query, new ByteArrayContent(body), ct);

    public static async Task<HttpResponseMessage> SendAsync(Uri database, string query, HttpContent? content, CancellationToken ct = default)
    {
        var url = new UriBuilder(database);
        url.Query = $"{url.Query.TrimStart('?')}&{query}";
        using var request = new HttpRequestMessage(content is null ? HttpMethod.Get : HttpMethod.Post, url.Uri) { Content = content };
        if (database.UserInfo.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(database.UserInfo)));
        }

        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
    }

    /// <summary>The answer's text, which must be a success.</summary>
    public static async Task<string> TextAsync(Uri database, string query, string body)
    {
        using var answer = await PostAsync(database, query, body);
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return text;
    }

    /// <summary>The status and ClickHouse's code of an error.</summary>
    public static async Task<(int Status, string Code, string Text)> ErrorAsync(Uri database, string query, string body)
    {
        using var answer = await PostAsync(database, query, body);
        var text = await answer.Content.ReadAsStringAsync();
        var code = answer.Headers.TryGetValues("X-ClickHouse-Exception-Code", out var codes) ? codes.Single() : "none";
        return ((int)answer.StatusCode, code, text);
    }
}

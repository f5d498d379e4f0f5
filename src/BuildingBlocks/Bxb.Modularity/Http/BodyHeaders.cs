using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Bxb.Modularity.Http;

/// <summary>What the headers say about a body: its media type and its content encoding.</summary>
internal static class BodyHeaders
{
    /// <summary>Checks the headers. With 415 the headers of the answer list the accepted values.</summary>
    /// <param name="context">The request.</param>
    /// <param name="gzip">Whether the body has to be decompressed.</param>
    /// <returns>415, or null.</returns>
    public static Refusal? Check(HttpContext context, out bool gzip)
    {
        gzip = false;
        if (!IsJson(context.Request.ContentType))
        {
            context.Response.Headers.Accept = ApiCalls.Json;
            return new Refusal(ErrorCode.UnsupportedMediaType, "Content-Type must be application/json, in UTF-8.");
        }

        var encoding = context.Request.Headers.ContentEncoding;
        if (encoding.Count == 0)
        {
            return null;
        }

        var name = encoding.ToString().AsSpan().Trim();
        // RFC 9110, 8.4.1.3: x-gzip is the same as gzip.
        gzip = name.Equals("gzip", StringComparison.OrdinalIgnoreCase) || name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);
        if (gzip || name.IsEmpty || name.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        context.Response.Headers.AcceptEncoding = "gzip, identity";
        return new Refusal(ErrorCode.UnsupportedMediaType, "Content-Encoding must be gzip, or left out.");
    }

    private static bool IsJson(string? contentType)
    {
        if (string.Equals(contentType, ApiCalls.Json, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(ApiCalls.Json, StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || IsUtf8(HeaderUtilities.RemoveQuotes(type.Charset).Value));
    }

    private static bool IsUtf8(string? charset)
        => "utf-8".Equals(charset, StringComparison.OrdinalIgnoreCase) || "utf8".Equals(charset, StringComparison.OrdinalIgnoreCase);
}

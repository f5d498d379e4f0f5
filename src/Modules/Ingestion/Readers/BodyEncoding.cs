using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Bxb.Ingestion.Readers;

/// <summary>What the headers say of a body: its media type, and whether it is gzip.</summary>
internal static class BodyEncoding
{
    private const string Json = "application/json";

    /// <summary>Checks the headers.</summary>
    /// <param name="context">The request; what is accepted is set on its answer when it is refused.</param>
    /// <param name="gzip">Whether the body has to be decompressed.</param>
    /// <returns>415 with the list of what is accepted, or null.</returns>
    public static Refusal? Check(HttpContext context, out bool gzip)
    {
        var headers = context.Request.Headers;
        gzip = false;
        if (!IsJson(context.Request.ContentType))
        {
            context.Response.Headers.Accept = Json;
            return new Refusal(ErrorCode.UnsupportedMediaType, "Content-Type must be application/json, in UTF-8.");
        }

        var encoding = headers.ContentEncoding;
        if (encoding.Count == 0)
        {
            return null;
        }

        var name = encoding.ToString().Trim();
        gzip = name.Equals("gzip", StringComparison.OrdinalIgnoreCase) || name.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);
        if (gzip || name.Length == 0 || name.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        context.Response.Headers.AcceptEncoding = "gzip, identity";
        return new Refusal(ErrorCode.UnsupportedMediaType, "Content-Encoding must be gzip, or left out.");
    }

    private static bool IsJson(string? contentType)
    {
        if (string.Equals(contentType, Json, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }
}

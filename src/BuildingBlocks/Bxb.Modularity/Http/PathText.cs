using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bxb.Modularity.Http;

/// <summary>Decodes segments of the raw path. Routing does not decode <c>%2F</c>, so that it cannot distinguish <c>a%2Fb</c> from <c>a%252Fb</c>.</summary>
public static class PathText
{
    /// <summary>Returns a segment of the raw path, percent-decoded once; null if it is missing or not UTF-8. Index 0 is the first segment after the path base.</summary>
    public static string? Segment(HttpContext context, int index)
    {
        ArgumentNullException.ThrowIfNull(context);
        index += context.Request.PathBase.Value.AsSpan().Count('/');
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (!raw.StartsWith('/'))
        {
            // The absolute form of a proxy's request line.
            raw = Uri.TryCreate(raw, UriKind.Absolute, out var uri) ? uri.PathAndQuery : "";
        }

        var path = raw.AsSpan();
        var end = path.IndexOfAny('?', '#');
        path = end < 0 ? path : path[..end];
        foreach (var part in path.Length == 0 ? default : path[1..].Split('/'))
        {
            if (index-- == 0)
            {
                return Decode(path[1..][part]);
            }
        }

        return null;
    }

    private static string? Decode(ReadOnlySpan<char> segment)
    {
        var bytes = new byte[System.Text.Encoding.UTF8.GetMaxByteCount(segment.Length)];
        var length = 0;
        for (var i = 0; i < segment.Length; i++)
        {
            if (segment[i] == '%' && i + 2 < segment.Length && char.IsAsciiHexDigit(segment[i + 1]) && char.IsAsciiHexDigit(segment[i + 2]))
            {
                bytes[length++] = byte.Parse(segment.Slice(i + 1, 2), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
                i += 2;
            }
            else
            {
                length += System.Text.Encoding.UTF8.GetBytes(segment.Slice(i, 1), bytes.AsSpan(length));
            }
        }

        var utf8 = bytes.AsSpan(0, length);
        return Utf8.IsValid(utf8) ? System.Text.Encoding.UTF8.GetString(utf8) : null;
    }
}

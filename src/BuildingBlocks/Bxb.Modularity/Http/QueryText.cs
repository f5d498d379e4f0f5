using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace Bxb.Modularity.Http;

/// <summary>Checks a query string before it is decoded: decoding silently replaces bytes that are not UTF-8.</summary>
internal static class QueryText
{
    /// <summary>The name of the first parameter that is not percent-encoded UTF-8, as it was sent; null when all are.</summary>
    public static string? FirstMalformed(ReadOnlySpan<char> query)
    {
        if (!query.Contains('%'))
        {
            return null;
        }

        query = query.TrimStart('?');
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            if (!IsWellFormed(pair))
            {
                var end = pair.IndexOf('=');
                return (end < 0 ? pair : pair[..end]).ToString();
            }
        }

        return null;
    }

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        // Only encoded bytes can be invalid, and the bytes of a character are adjacent.
        var bytes = ArrayPool<byte>.Shared.Rent(text.Length + 1);
        try
        {
            var length = 0;
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] != '%')
                {
                    // An unencoded character is ASCII, so it cannot be part of another character.
                    bytes[length++] = (byte)'.';
                }
                else if (i + 2 < text.Length && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    bytes[length++] = value;
                    i += 2;
                }
                else
                {
                    return false;
                }
            }

            return Utf8.IsValid(bytes.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}

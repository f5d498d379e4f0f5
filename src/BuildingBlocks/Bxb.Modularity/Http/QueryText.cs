using System.Buffers;
using System.Globalization;
using System.Text.Unicode;

namespace Bxb.Modularity.Http;

/// <summary>Looks at a query string as it was sent: decoding it turns bytes that are not UTF-8 into other characters without a word.</summary>
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
        // Only what is encoded can be wrong, and the bytes of a character stand side by side.
        var run = ArrayPool<byte>.Shared.Rent(text.Length + 1);
        try
        {
            var length = 0;
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] != '%')
                {
                    // Whatever stands here unencoded is ASCII: it ends a character, or cuts one short.
                    run[length++] = (byte)'.';
                }
                else if (i + 2 < text.Length && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    run[length++] = value;
                    i += 2;
                }
                else
                {
                    return false;
                }
            }

            return Utf8.IsValid(run.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(run);
        }
    }
}

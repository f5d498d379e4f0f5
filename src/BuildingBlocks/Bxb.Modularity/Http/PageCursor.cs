using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Http;

/// <summary>The opaque cursors of lists: the sort key of the last entry of a page, behind a checksum over it, the list and the list's owner.</summary>
/// <remarks>A cursor that was changed, or belongs to another list or owner, is refused. The checksum is no secret: a list must filter by its owner itself.</remarks>
public static class PageCursor
{
    private const int SumBytes = 8;

    /// <summary>The cursor behind an entry.</summary>
    /// <param name="list">The name of the list.</param>
    /// <param name="owner">The organization that the list belongs to; 0 if none.</param>
    /// <param name="key">The sort key of the last entry of the page.</param>
    public static string After(string list, int owner, string key)
    {
        var utf8 = Encoding.UTF8.GetBytes(key);
        return Base64Url.EncodeToString([.. Sum(list, owner, utf8), .. utf8]);
    }

    /// <summary>The cursor behind an entry that is sorted by a number.</summary>
    public static string After(string list, int owner, long key) => After(list, owner, key.ToString(CultureInfo.InvariantCulture));

    /// <summary>The key that <see cref="After(string, int, string)"/> received for the page before; null for the first page. Never holds NUL.</summary>
    /// <exception cref="Errors.ApiException">400: the parameter <c>cursor</c> is no cursor of this list and owner.</exception>
    public static string? Read(HttpContext context, string list, int owner)
    {
        if (ApiQuery.Text(context, "cursor") is not { } text)
        {
            return null;
        }

        if (Base64Url.IsValid(text, out var length) && length > SumBytes)
        {
            var cursor = Base64Url.DecodeFromChars(text);
            var key = cursor.AsSpan(SumBytes);
            if (Sum(list, owner, key).AsSpan().SequenceEqual(cursor.AsSpan(0, SumBytes)) && Utf8.IsValid(key) && !key.Contains((byte)0))
            {
                return Encoding.UTF8.GetString(key);
            }
        }

        throw Invalid();
    }

    /// <summary>As <see cref="Read"/>, for a list that is sorted by a number from 0 to <paramref name="max"/>.</summary>
    /// <exception cref="Errors.ApiException">400: the parameter <c>cursor</c> is no cursor of this list and owner.</exception>
    public static long? ReadNumber(HttpContext context, string list, int owner, long max = long.MaxValue) => Read(context, list, owner) switch
    {
        null => null,
        var key when long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max => number,
        _ => throw Invalid(),
    };

    private static Errors.ApiException Invalid() => ApiQuery.Invalid("cursor", "must be the next_cursor of an earlier answer");

    private static byte[] Sum(string list, int owner, ReadOnlySpan<byte> key)
        => SHA256.HashData([.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{list}/{owner}/")), .. key])[..SumBytes];
}

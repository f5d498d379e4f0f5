using System.Buffers.Binary;
using System.Security.Cryptography;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Bxb.Ingestion.Http;

/// <summary>
/// Where a list goes on: the last entry's number, with a sum over it, the list and the organization. So a cursor that was changed, or belongs to another list or
/// organization, is refused as no cursor at all; and new entries, which stand above it, do not move it.
/// </summary>
internal static class PageCursor
{
    private const int NumberBytes = 8;
    private const int Length = NumberBytes + 8;

    /// <summary>The cursor behind an entry.</summary>
    /// <param name="list">The list's name.</param>
    /// <param name="organizationId">Whose list it is.</param>
    /// <param name="last">The number of the last entry that was answered.</param>
    public static string After(string list, int organizationId, long last)
    {
        Span<byte> cursor = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(cursor, last);
        Sum(list, organizationId, last, cursor[NumberBytes..]);
        return WebEncoders.Base64UrlEncode(cursor);
    }

    /// <summary>The number below which the page begins; null for the first page.</summary>
    /// <exception cref="Modularity.Errors.ApiException">400: no cursor of this list and organization.</exception>
    public static long? Read(HttpContext context, string list, int organizationId)
    {
        if (ApiQuery.Text(context, "cursor") is not { } text)
        {
            return null;
        }

        Span<byte> sum = stackalloc byte[Length - NumberBytes];
        if (TryDecode(text) is { Length: Length } cursor)
        {
            var last = BinaryPrimitives.ReadInt64BigEndian(cursor);
            Sum(list, organizationId, last, sum);
            if (sum.SequenceEqual(cursor.AsSpan(NumberBytes)))
            {
                return last;
            }
        }

        throw ApiQuery.Invalid("cursor", "must be the next_cursor of an earlier answer");
    }

    private static byte[]? TryDecode(string text)
    {
        try
        {
            return text.Length <= 2 * Length ? WebEncoders.Base64UrlDecode(text) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void Sum(string list, int organizationId, long last, Span<byte> sum)
        => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{list}/{organizationId}/{last}")).AsSpan(0, sum.Length).CopyTo(sum);
}

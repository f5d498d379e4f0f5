using System.Text;

namespace Bxb.Ingestion.Readers;

/// <summary>Takes the escapes out of a JSON string that the reader has already found well-formed.</summary>
internal static class JsonText
{
    /// <summary>Writes the text that the string stands for.</summary>
    /// <param name="escaped">What stands between the quotes.</param>
    /// <param name="destination">At least as long as <paramref name="escaped"/>: a text is never longer than its escapes.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns>False if a surrogate stands alone: there is no UTF-8 of such a text.</returns>
    public static bool TryUnescape(ReadOnlySpan<byte> escaped, Span<byte> destination, out int written)
    {
        written = 0;
        while (true)
        {
            var slash = escaped.IndexOf((byte)'\\');
            var plain = slash < 0 ? escaped : escaped[..slash];
            plain.CopyTo(destination[written..]);
            written += plain.Length;
            if (slash < 0)
            {
                return true;
            }

            var kind = escaped[slash + 1];
            escaped = escaped[(slash + 2)..];
            if (kind != 'u')
            {
                destination[written++] = kind switch { (byte)'b' => 8, (byte)'t' => 9, (byte)'n' => 10, (byte)'f' => 12, (byte)'r' => 13, _ => kind };
                continue;
            }

            if (!TryCodePoint(ref escaped, out var rune))
            {
                return false;
            }

            written += rune.EncodeToUtf8(destination[written..]);
        }
    }

    private static bool TryCodePoint(ref ReadOnlySpan<byte> rest, out Rune rune)
    {
        var first = (char)Unit(rest);
        rest = rest[4..];
        if (Rune.TryCreate(first, out rune))
        {
            return true;
        }

        if (rest.Length < 6 || rest[0] != '\\' || rest[1] != 'u' || !Rune.TryCreate(first, (char)Unit(rest[2..]), out rune))
        {
            return false;
        }

        rest = rest[6..];
        return true;
    }

    private static int Unit(ReadOnlySpan<byte> hex)
    {
        var unit = 0;
        foreach (var digit in hex[..4])
        {
            unit = unit << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return unit;
    }
}

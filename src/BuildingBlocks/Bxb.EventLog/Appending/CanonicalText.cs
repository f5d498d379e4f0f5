using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Bxb.EventLog.Appending;

/// <summary>What a JSON string holds that PostgreSQL's text cannot.</summary>
[Flags]
internal enum TextFlaws
{
    None = 0,

    /// <summary>U+0000.</summary>
    Nul = 1,

    /// <summary>Half of a surrogate pair without its other half.</summary>
    LoneSurrogate = 2,
}

/// <summary>JSON strings, from any spelling to one: only what JSON demands is escaped, in the spelling of PostgreSQL's jsonb.</summary>
internal static class CanonicalText
{
    private const int UnicodeEscapeBytes = 6;

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, (byte)'"', (byte)'\\']);

    /// <summary>The most bytes that <see cref="Escape"/> makes of a text.</summary>
    public static int MaxEscapedBytes(int bytes) => checked(bytes * UnicodeEscapeBytes);

    /// <summary>Resolves the escapes of a string token, which never makes it longer. Bad code points become U+FFFD and are told.</summary>
    /// <param name="escaped">What stands between the quotes; its grammar has been checked.</param>
    /// <param name="to">At least as long.</param>
    /// <param name="flaws">What the text holds that cannot be stored.</param>
    /// <returns>Bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> to, out TextFlaws flaws)
    {
        flaws = TextFlaws.None;
        var written = 0;
        while (true)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0)
            {
                escaped.CopyTo(to[written..]);
                return written + escaped.Length;
            }

            escaped[..plain].CopyTo(to[written..]);
            written += plain;
            escaped = escaped[plain..];
            if (escaped[1] == 'u')
            {
                escaped = escaped[UnescapeUnicode(escaped, to, ref written, ref flaws)..];
                continue;
            }

            to[written++] = escaped[1] switch
            {
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                var itself => itself,
            };
            escaped = escaped[2..];
        }
    }

    /// <summary>Escapes a text for between quotes. Returns the bytes written.</summary>
    public static int Escape(ReadOnlySpan<byte> text, Span<byte> to)
    {
        var written = 0;
        while (true)
        {
            var plain = text.IndexOfAny(MustEscape);
            if (plain < 0)
            {
                text.CopyTo(to[written..]);
                return written + text.Length;
            }

            text[..plain].CopyTo(to[written..]);
            written += plain;
            to[written++] = (byte)'\\';
            var c = text[plain];
            var letter = c switch
            {
                (byte)'\b' => (byte)'b',
                (byte)'\f' => (byte)'f',
                (byte)'\n' => (byte)'n',
                (byte)'\r' => (byte)'r',
                (byte)'\t' => (byte)'t',
                (byte)'"' or (byte)'\\' => c,
                _ => (byte)'u',
            };
            to[written++] = letter;
            if (letter == 'u')
            {
                "00"u8.CopyTo(to[written..]);
                to[written + 2] = (byte)('0' + (c >> 4));
                to[written + 3] = "0123456789abcdef"u8[c & 0xF];
                written += 4;
            }

            text = text[(plain + 1)..];
        }
    }

    /// <summary>Unicode code points of a UTF-8 text.</summary>
    public static int Characters(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            count += (b & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    private static int UnescapeUnicode(ReadOnlySpan<byte> escaped, Span<byte> to, ref int written, ref TextFlaws flaws)
    {
        var unit = Unit(escaped);
        var used = UnicodeEscapeBytes;
        var rune = Rune.ReplacementChar;
        if (char.IsHighSurrogate(unit) && escaped.Length >= 2 * UnicodeEscapeBytes && escaped[UnicodeEscapeBytes] == '\\' && escaped[UnicodeEscapeBytes + 1] == 'u'
            && Rune.TryCreate(unit, Unit(escaped[UnicodeEscapeBytes..]), out var pair))
        {
            rune = pair;
            used *= 2;
        }
        else if (!Rune.TryCreate(unit, out rune))
        {
            flaws |= TextFlaws.LoneSurrogate;
            rune = Rune.ReplacementChar;
        }

        flaws |= rune.Value == 0 ? TextFlaws.Nul : TextFlaws.None;
        written += rune.EncodeToUtf8(to[written..]);
        return used;
    }

    private static char Unit(ReadOnlySpan<byte> escape)
    {
        Utf8Parser.TryParse(escape.Slice(2, 4), out int unit, out _, 'x');
        return (char)unit;
    }
}

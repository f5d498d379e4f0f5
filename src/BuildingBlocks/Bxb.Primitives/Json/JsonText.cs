using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Bxb.Primitives.Buffers;

namespace Bxb.Primitives.Json;

/// <summary>Code points that a JSON string can hold and PostgreSQL's text cannot.</summary>
[Flags]
public enum TextFlaws
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>U+0000.</summary>
    Nul = 1,

    /// <summary>Half of a surrogate pair without its other half.</summary>
    LoneSurrogate = 2,
}

/// <summary>Escapes and unescapes the text between the quotes of a JSON string, UTF-8 on both sides. Allocates nothing.</summary>
public static class JsonText
{
    private const int UnicodeEscapeBytes = 6;

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>Resolves the escapes of a string. A lone surrogate becomes U+FFFD.</summary>
    /// <param name="escaped">The text between the quotes, with valid escapes: as <see cref="System.Text.Json.Utf8JsonReader"/> returns it.</param>
    /// <param name="to">At least as long as <paramref name="escaped"/>; the result is never longer.</param>
    /// <param name="flaws">Code points of the text that PostgreSQL cannot store.</param>
    /// <returns>The number of bytes written.</returns>
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

    /// <summary>Appends a text with the escapes that JSON requires and no others, as PostgreSQL's jsonb writes them.</summary>
    public static void Escape(ReadOnlySpan<byte> text, ArrayPoolBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        int at;
        while ((at = text.IndexOfAny(MustEscape)) >= 0)
        {
            output.Write(text[..at]);
            WriteEscape(text[at], output);
            text = text[(at + 1)..];
        }

        output.Write(text);
    }

    /// <summary>Counts the code points of a UTF-8 text.</summary>
    public static int CountCharacters(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            count += (b & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    private static void WriteEscape(byte character, ArrayPoolBufferWriter<byte> output)
    {
        var letter = character switch
        {
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            (byte)'"' or (byte)'\\' => character,
            _ => (byte)'u',
        };
        var escape = output.Take(letter == 'u' ? UnicodeEscapeBytes : 2);
        escape[0] = (byte)'\\';
        escape[1] = letter;
        if (letter == 'u')
        {
            escape[2] = escape[3] = (byte)'0';
            escape[4] = (byte)('0' + (character >> 4));
            escape[5] = "0123456789abcdef"u8[character & 0xF];
        }
    }

    private static int UnescapeUnicode(ReadOnlySpan<byte> escaped, Span<byte> to, ref int written, ref TextFlaws flaws)
    {
        var unit = Unit(escaped);
        var used = UnicodeEscapeBytes;
        Rune rune;
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

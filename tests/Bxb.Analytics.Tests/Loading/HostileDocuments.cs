using System.Globalization;
using System.Text;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Creates hostile property documents within the limits of ingest: depth 16, 64 KiB, names of 1 to 255 characters, numbers of 100 digits.</summary>
internal sealed class HostileDocuments(Random random)
{
    private static readonly string[] Fixed =
    [
        "a", "a.b", "b", "%", "%2E", ".", "..", "a%2Eb", "a`b", "`", "\\", "a\\", "\"", "'", "$", "$$", "a b", " ", "\t", "\n", "\r", "\u0001", "\u001f", "\u007f", "\u0085", "\u2028", "\ufeff",
        "\ufffe", "\uffff", "a[]", "[]", "a:Int64", ":String", "^a", "{x}", "{x:String}", "null", "size0", "--", "/*", ";", "é", "e\u0301", "\u200b", "🏴‍☠️", "INSERT", "properties", "position", "0", "-1", "1e5", "2026-01-01",
    ];

    private static readonly string[] Texts =
    [
        "", "2026-01-01", "2026-01-01T10:00:00Z", "12", "-0", "1e400", "true", "null", "NaN", "[1]", "{\"a\":1}", "\\N", "\\", "'", "\"", "00000000-0000-0000-0000-000000000000", "127.0.0.1", "::1",
    ];

    /// <summary>Returns the next document as PostgreSQL prints jsonb. Every fifth one takes its names from 10,000 different ones.</summary>
    internal string Next()
    {
        var text = new StringBuilder();
        var size = random.Next(8) switch { 0 => 200, 1 => 0, _ => random.Next(1, 12) };
        Object(text, size, random.Next(4) == 0 ? 16 : random.Next(1, 4), many: random.Next(5) == 0);
        return text.ToString();
    }

    private void Object(StringBuilder text, int size, int depth, bool many)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        text.Append('{');
        for (var i = 0; i < size; i++)
        {
            var name = many ? "name" + random.Next(10_000).ToString(CultureInfo.InvariantCulture) : Name();
            if (!names.Add(name))
            {
                continue;
            }

            text.Append(names.Count > 1 ? ", " : "");
            String(text, name);
            text.Append(": ");
            Value(text, depth - 1, deep: i == 0);
        }

        text.Append('}');
    }

    private void Value(StringBuilder text, int depth, bool deep)
    {
        switch (deep && depth > 0 ? 0 : random.Next(depth > 0 ? 9 : 8))
        {
            case 0 when depth > 0:
            case 8:
                Object(text, random.Next(4), depth, many: false);
                break;
            case 1:
                text.Append("null");
                break;
            case 2:
                text.Append(random.Next(2) == 0 ? "true" : "false");
                break;
            case 3 when depth > 0:
                Array(text, depth);
                break;
            case 4 or 5:
                Number(text);
                break;
            default:
                String(text, random.Next(2) == 0 ? Texts[random.Next(Texts.Length)] : Unicode(random.Next(0, 40)));
                break;
        }
    }

    private void Array(StringBuilder text, int depth)
    {
        text.Append('[');
        for (var i = random.Next(4); i > 0; i--)
        {
            Value(text, depth - 1, deep: false);
            text.Append(i > 1 ? ", " : "");
        }

        text.Append(']');
    }

    private void Number(StringBuilder text)
    {
        var digits = random.Next(6) switch { 0 => 100, 1 => 39, 2 => 20, _ => random.Next(1, 19) };
        var point = random.Next(digits + 1);
        text.Append(random.Next(3) == 0 ? "-" : "").Append(point == 0 ? "0" : (char)('1' + random.Next(9)));
        for (var i = 1; i < digits; i++)
        {
            text.Append(i == Math.Max(1, point) ? "." : "").Append((char)('0' + random.Next(10)));
        }
    }

    private string Name()
    {
        switch (random.Next(6))
        {
            case 0:
                return Unicode(random.Next(1, 60));
            case 1:
                return string.Concat(Enumerable.Repeat(Fixed[random.Next(Fixed.Length)], random.Next(1, 4)));
            case 2:
                return new string('n', 255);
            default:
                return Fixed[random.Next(Fixed.Length)];
        }
    }

    /// <summary>Returns characters of every plane, surrogates in pairs only, and no NUL, which jsonb cannot contain.</summary>
    private string Unicode(int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            var plane = random.Next(4) == 0 ? random.Next(17) : 0;
            var point = (plane << 16) + random.Next(plane == 0 ? 1 : 0, 0x10000);
            if (point is < 0xD800 or > 0xDFFF)
            {
                text.Append(char.ConvertFromUtf32(point));
            }
        }

        return text.ToString();
    }

    private static void String(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '\t' => text.Append(@"\t"),
                '\r' => text.Append(@"\r"),
                '\b' => text.Append(@"\b"),
                '\f' => text.Append(@"\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}

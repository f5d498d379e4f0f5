using System.Globalization;
using System.Text;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Tests.Records;

/// <summary>Makes records that are hard to carry: texts of any characters, extreme numbers and times, properties as jsonb prints them. The same seed makes the same.</summary>
internal sealed class HostileEvents(Random random)
{
    private const long FirstTime = -62_135_596_800_000;
    private const long LastTime = 253_402_300_799_999;
    private static readonly string[] Pieces = ["\"", "\\", "/", "\u0001", "\u001f", "\n", "\t", "\r", "\b", "\f", "\u007f", "\u2028", "é", "漢", "😀", "\uffff", "\U0010FFFF", "\",\"source\":\"", "}", "{", "</x>", "%41"];

    private long _position;

    /// <summary>A record of which every part is anything.</summary>
    public void AddTo(EventRecords records)
    {
        _position += random.Next(4) == 0 ? random.NextInt64(1, 1L << 40) : 1;
        records.Add(new RecordEntry
        {
            Position = _position,
            OrganizationId = random.Next(3) == 0 ? int.MaxValue : random.Next(1, 100),
            Kind = (EventKind)random.Next(1, 4),
            TimestampMilliseconds = Time(),
            IngestedAtMilliseconds = Time(),
            Digest = random.Next(4) switch { 0 => long.MinValue, 1 => long.MaxValue, _ => random.NextInt64(long.MinValue, long.MaxValue) },
            Source = records.Append(Utf8(random.Next(2) == 0 ? "" : Text())),
            TransactionId = records.Append(Utf8("t" + Text())),
            ExternalCustomerId = records.Append(Utf8(Text() + "c")),
            Code = records.Append(Utf8(random.Next(2) == 0 ? "api_calls" : "x" + Text())),
            Properties = records.Append(Utf8(Properties(0))),
            TraceParent = records.Append(Utf8(random.Next(2) == 0 ? "" : "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")),
        });
    }

    private long Time() => random.Next(6) switch
    {
        0 => FirstTime,
        1 => LastTime,
        2 => random.NextInt64(FirstTime, LastTime),
        _ => random.NextInt64(1_500_000_000_000, 2_000_000_000_000),
    };

    private string Text()
    {
        var text = new StringBuilder();
        for (var i = random.Next(12); i > 0; i--)
        {
            text.Append(random.Next(3) == 0 ? Pieces[random.Next(Pieces.Length)] : Scalar().ToString());
        }

        return text.ToString();
    }

    // Any scalar value but NUL, which PostgreSQL does not hold.
    private Rune Scalar()
    {
        var bound = random.Next(3) switch { 0 => 0x80, 1 => 0x800, _ => 0x11_0000 };
        Rune rune;
        do
        {
            Rune.TryCreate(random.Next(1, bound), out rune);
        }
        while (rune.Value == 0);
        return rune;
    }

    private string Properties(int depth)
    {
        var members = Enumerable.Range(0, random.Next(depth > 3 ? 1 : 5)).Select(i => $"{Quote(Text() + i)}: {Value(depth + 1)}");
        return "{" + string.Join(", ", members) + "}";
    }

    private string Value(int depth) => random.Next(7) switch
    {
        0 => "null",
        1 => "true",
        2 => Quote(Text()),
        3 => string.Create(CultureInfo.InvariantCulture, $"-{random.Next()}.{random.Next()}"),
        4 => new string('9', 1 + random.Next(60)),
        5 => depth > 3 ? "[]" : $"[{Value(depth + 1)}, {Value(depth + 1)}]",
        _ => Properties(depth),
    };

    // As PostgreSQL does: short escapes where there are any, else \u00XX below a space.
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}

using System.Text;

namespace Bxb.EventLog.Tests;

/// <summary>Writes random JSON objects, each value in a random one of its spellings. The same seed writes the same.</summary>
internal sealed class RandomDocument(Random random)
{
    private static readonly string[] Alphabet = ["a", "B", "é", "漢", "😀", "\u007f", "\u2028", "\t", "\n", "\"", "\\", "/", ".", "%", " ", "\u0001", "\u001f", "\uffff", "e\u0301", "\U0010FFFF"];

    public string Object(int depth = 0)
    {
        var text = new StringBuilder("{");
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = random.Next(6); i > 0; i--)
        {
            var name = Text(1 + random.Next(5));
            if (names.Add(name))
            {
                text.Append(names.Count > 1 ? "," : "").Append(Space()).Append(Quote(name)).Append(Space()).Append(':').Append(Space()).Append(Value(depth + 1)).Append(Space());
            }
        }

        return text.Append('}').ToString();
    }

    public string Number()
    {
        var text = new StringBuilder(random.Next(2) == 0 ? "-" : "");
        text.Append(random.Next(3) == 0 ? "0" : Digits(1 + random.Next(20)).TrimStart('0').PadLeft(1, '7'));
        if (random.Next(2) == 0)
        {
            text.Append('.').Append(Digits(1 + random.Next(20)));
        }

        if (random.Next(2) == 0)
        {
            text.Append(random.Next(2) == 0 ? 'e' : 'E').Append(random.Next(3) switch { 0 => "+", 1 => "-", _ => "" }).Append(random.Next(30));
        }

        return text.ToString();
    }

    private string Value(int depth) => random.Next(depth > 4 ? 5 : 7) switch
    {
        0 => "null",
        1 => random.Next(2) == 0 ? "true" : "false",
        2 => Quote(Text(random.Next(8))),
        3 or 4 => Number(),
        5 => Array(depth),
        _ => Object(depth),
    };

    private string Array(int depth) => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Space() + Value(depth + 1) + Space()))}]";

    private string Text(int pieces) => string.Concat(Enumerable.Range(0, pieces).Select(_ => Alphabet[random.Next(Alphabet.Length)]));

    private string Digits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => random.Next(10)));

    private string Space() => random.Next(4) switch { 0 => " ", 1 => "\n\t", _ => "" };

    private string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c is '"' or '\\' or < ' ' || random.Next(4) == 0 ? Escape(c) : c.ToString());
        }

        // A pair of which one half is escaped and the other is not is no UTF-8: escape pairs whole.
        return MendPairs(quoted.Append('"').ToString(), text);
    }

    private static string MendPairs(string quoted, string text) =>
        text.Any(char.IsSurrogate) ? "\"" + string.Concat(text.Select(c => char.IsSurrogate(c) || c is '"' or '\\' or < ' ' ? $"\\u{(int)c:X4}" : c.ToString())) + "\"" : quoted;

    private string Escape(char c) => (c, random.Next(2)) switch
    {
        ('"', 0) => "\\\"",
        ('\\', 0) => "\\\\",
        ('/', 0) => "\\/",
        ('\n', 0) => "\\n",
        ('\t', 0) => "\\t",
        _ => random.Next(2) == 0 ? $"\\u{(int)c:x4}" : $"\\u{(int)c:X4}",
    };
}

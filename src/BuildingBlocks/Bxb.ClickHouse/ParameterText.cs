using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Writes parameter values in ClickHouse's TabSeparated format, in which it reads them.</summary>
internal static class ParameterText
{
    private const string Special = "\\\t\n\r\0\b\f";

    internal static string Escape(string value)
    {
        if (value.AsSpan().IndexOfAny(Special) < 0)
        {
            return value;
        }

        var text = new StringBuilder(value.Length + 16);
        Escape(value, text);
        return text.ToString();
    }

    internal static string Array(IReadOnlyCollection<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var text = new StringBuilder("[", 16 + (values.Count * 16));
        foreach (var value in values)
        {
            if (text.Length > 1)
            {
                text.Append(',');
            }

            text.Append('\'');
            Escape(value, text);
            text.Append('\'');
        }

        return text.Append(']').ToString();
    }

    private static void Escape(string value, StringBuilder text)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '\t' => text.Append(@"\t"),
                '\n' => text.Append(@"\n"),
                '\r' => text.Append(@"\r"),
                '\0' => text.Append(@"\0"),
                '\b' => text.Append(@"\b"),
                '\f' => text.Append(@"\f"),
                '\'' => text.Append(@"\'"),
                _ => text.Append(c),
            };
        }
    }
}

using System.Text;
using System.Text.Json;

namespace Bxb.Primitives.Json;

/// <summary>Builds JSON Pointers (RFC 6901), by which faults name their place.</summary>
public static class JsonPointer
{
    private const int MaxNameCharacters = 255;

    /// <summary>The pointer of a member whose name a caller sent. A name of more than 255 characters is cut, and bytes that are not UTF-8 become U+FFFD.</summary>
    public static string Member(string parent, ReadOnlySpan<byte> name)
    {
        const int MaxBytes = 3;
        var text = Encoding.UTF8.GetString(name[..Math.Min(name.Length, (MaxNameCharacters + 1) * MaxBytes)]);
        if (text.Length > MaxNameCharacters)
        {
            text = string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[MaxNameCharacters - 1]) ? MaxNameCharacters - 1 : MaxNameCharacters), "…");
        }

        return Member(parent, text);
    }

    /// <summary>The pointer of a member below <paramref name="parent"/>; the root is the empty text.</summary>
    public static string Member(string parent, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return parent + "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }

    /// <summary>The pointer of an element of the array at <paramref name="parent"/>.</summary>
    public static string Element(string parent, int index) => $"{parent}/{index}";

    /// <summary>Turns a C# property path such as <c>Body.Filters[0].Key</c> into <c>/filters/0/key</c>. A leading <c>Body</c> stands for the root.</summary>
    public static string FromPropertyPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var pointer = new StringBuilder();
        var isFirst = true;
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var bracket = part.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? part : part[..bracket];
            if (name.Length > 0 && !(isFirst && name == "Body"))
            {
                pointer.Append('/').Append(JsonNamingPolicy.SnakeCaseLower.ConvertName(name));
            }

            isFirst = false;
            foreach (var index in bracket < 0 ? [] : part[bracket..].Split(['[', ']'], StringSplitOptions.RemoveEmptyEntries))
            {
                pointer.Append('/').Append(index);
            }
        }

        return pointer.ToString();
    }
}

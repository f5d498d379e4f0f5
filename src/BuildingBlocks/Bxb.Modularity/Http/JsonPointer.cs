using System.Text;
using System.Text.Json;

namespace Bxb.Modularity.Http;

/// <summary>JSON Pointers (RFC 6901), the way in which faults name their place.</summary>
public static class JsonPointer
{
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

using System.Text;

namespace Bxb.Management.Contracts;

/// <summary>
/// Dotted paths to properties in metrics and usage queries: <c>a.b</c> is member <c>b</c> of the object <c>a</c>. A dot inside a name is <c>\.</c>, a backslash <c>\\</c>; any other backslash is
/// an error.
/// </summary>
public static class PropertyPath
{
    /// <summary>The most names in a path, the depth to which properties may nest.</summary>
    public const int MaxSegments = 16;

    /// <summary>The most characters (Unicode code points) of one name.</summary>
    public const int MaxNameCharacters = 255;

    /// <summary>The longest text of a path, in UTF-16 units.</summary>
    public const int MaxLength = 2048;

    /// <summary>The form of a path, for error answers.</summary>
    public const string Rule = @"must be a property's path: 1 to 16 names of 1 to 255 characters, joined by dots (a dot inside a name is \., a backslash \\)";

    /// <summary>Splits a path into unescaped names. False when the text is not a path.</summary>
    public static bool TryParse(string? path, out IReadOnlyList<string> names)
    {
        names = [];
        if (string.IsNullOrEmpty(path) || path.Length > MaxLength)
        {
            return false;
        }

        var found = new List<string>();
        var name = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '\\')
            {
                if (i + 1 == path.Length || path[i + 1] is not ('.' or '\\'))
                {
                    return false;
                }

                name.Append(path[++i]);
            }
            else if (path[i] == '.')
            {
                found.Add(name.ToString());
                name.Clear();
            }
            else
            {
                name.Append(path[i]);
            }
        }

        found.Add(name.ToString());
        if (found.Count > MaxSegments || found.Exists(n => n.Length == 0 || n.Contains('\0', StringComparison.Ordinal) || n.EnumerateRunes().Count() > MaxNameCharacters))
        {
            return false;
        }

        names = found;
        return true;
    }
}

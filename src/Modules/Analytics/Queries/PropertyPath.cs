using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Bxb.Analytics.Queries;

/// <summary>The way to a property through nested objects: <c>a.b</c> is the member b of the object a; a dot inside a name is <c>\.</c>, a backslash <c>\\</c>.</summary>
internal sealed record PropertyPath
{
    /// <summary>The longest text of a path, in characters.</summary>
    public const int MaxLength = 2048;

    private PropertyPath(string text, IReadOnlyList<string> names)
    {
        Text = text;
        Names = names;
    }

    /// <summary>The path as it was written.</summary>
    public string Text { get; }

    /// <summary>The names from the outermost object inwards, unescaped; none is empty.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads a path.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The path, when there is one.</param>
    /// <param name="reason">Otherwise what is wrong: "must …".</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out PropertyPath? path, [NotNullWhen(false)] out string? reason)
    {
        path = null;
        var names = new List<string>();
        var name = new StringBuilder();
        reason = text.Length is 0 or > MaxLength ? $"must have 1 to {MaxLength} characters" : null;
        for (var i = 0; reason is null && i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when i + 1 < text.Length && text[i + 1] is '.' or '\\':
                    name.Append(text[++i]);
                    break;
                case '\\':
                    reason = @"has a backslash that escapes nothing: only \. and \\ are known";
                    break;
                case '\0':
                    reason = "must not hold the character NUL";
                    break;
                case '.':
                    reason = Take();
                    break;
                default:
                    name.Append(text[i]);
                    break;
            }
        }

        reason ??= Take();
        if (reason is not null)
        {
            return false;
        }

        path = new PropertyPath(text, names);
        return true;

        string? Take()
        {
            if (name.Length == 0)
            {
                return @"must not have an empty name; a dot inside a name is written \.";
            }

            names.Add(name.ToString());
            name.Clear();
            return null;
        }
    }

    /// <summary>Whether both lead to the same property.</summary>
    public bool Equals(PropertyPath? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <inheritdoc />
    public override int GetHashCode() => Names.Aggregate(Names.Count, (hash, name) => HashCode.Combine(hash, StringComparer.Ordinal.GetHashCode(name)));
}

using Microsoft.OpenApi;

namespace Bxb.Modularity.Http;

/// <summary>A query parameter that a call takes.</summary>
/// <param name="Name">Its name; with <paramref name="IsFamily"/> the part before the bracket.</param>
/// <param name="Description">One sentence for the API description: meaning, default, range.</param>
/// <param name="Type">The type of the text.</param>
/// <param name="IsRequired">Whether the call needs it, for the API description. The endpoint checks it.</param>
/// <param name="IsRepeatable">Whether it can be repeated.</param>
/// <param name="IsFamily">Whether it is a family <c>name[key]=value</c>, whose keys can be repeated.</param>
public sealed record QueryParameter(
    string Name, string Description, JsonSchemaType Type = JsonSchemaType.String, bool IsRequired = false, bool IsRepeatable = false, bool IsFamily = false)
{
    /// <summary>The forms of a time, for descriptions; <see cref="Json.QueryTime"/> reads them.</summary>
    public const string TimeForms = "ISO 8601 with an offset, Unix seconds, or a date or date-time without an offset, which is UTC.";

    /// <summary>The limit of a page, for lists.</summary>
    public static QueryParameter Limit(int byDefault, int max)
        => new("limit", $"Maximum number of entries, 1 to {max}. Default {byDefault}.", JsonSchemaType.Integer);

    /// <summary>The cursor of a page, for lists.</summary>
    public static QueryParameter Cursor { get; } = new("cursor", "The next_cursor of the page before; absent for the first page.");

    /// <summary>Whether a parameter of this name belongs to this one.</summary>
    public bool Matches(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsFamily
            ? name.Length > Name.Length + 2 && name[Name.Length] == '[' && name[^1] == ']' && name.StartsWith(Name, StringComparison.Ordinal)
            : name == Name;
    }

    /// <summary>A parameter of one text, without a description.</summary>
    public static implicit operator QueryParameter(string name) => FromString(name);

    /// <summary>A parameter of one text, without a description.</summary>
    public static QueryParameter FromString(string name) => new(name, "");
}

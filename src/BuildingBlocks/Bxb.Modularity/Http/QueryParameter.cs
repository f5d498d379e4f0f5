using Microsoft.OpenApi;

namespace Bxb.Modularity.Http;

/// <summary>A query parameter that a call takes.</summary>
/// <param name="Name">Its name; with <paramref name="IsFamily"/> everything before the bracket.</param>
/// <param name="Description">One sentence for the API description: meaning, default, range.</param>
/// <param name="Type">What the text is read as.</param>
/// <param name="IsRequired">Whether the call needs it. Says so in the API description only; the endpoint checks it.</param>
/// <param name="IsRepeatable">Whether it may stand more than once.</param>
/// <param name="IsFamily">Whether it is a family <c>name[key]=value</c>, each key of it repeatable.</param>
public sealed record QueryParameter(
    string Name, string Description, JsonSchemaType Type = JsonSchemaType.String, bool IsRequired = false, bool IsRepeatable = false, bool IsFamily = false)
{
    /// <summary>The forms of a time, for descriptions; <see cref="Json.QueryTime"/> reads them.</summary>
    public const string TimeForms = "ISO 8601 with an offset, Unix seconds, or a date or date-time without an offset, which is UTC.";

    /// <summary>The size of a page, for lists.</summary>
    public static QueryParameter Limit(int byDefault, int max)
        => new("limit", $"How many entries the answer holds at most: 1 to {max}, {byDefault} if absent.", JsonSchemaType.Integer);

    /// <summary>Where a page begins, for lists.</summary>
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

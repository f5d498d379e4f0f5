using Microsoft.Win32.SafeHandles;

namespace Bxb.Embedded.Engine.Running;

/// <summary>A request, read from URL, headers and body.</summary>
internal sealed record QueryRequest
{
    /// <summary>The database of table names without one.</summary>
    public required string Database { get; init; }

    public required string Text { get; init; }

    /// <summary>The answer's format when the statement names none.</summary>
    public required string DefaultFormat { get; init; }

    /// <summary>Whether the request may not change anything, as with GET.</summary>
    public required bool ReadOnly { get; init; }

    /// <summary>Whether the answer is sent only once it is complete.</summary>
    public required bool WaitForEnd { get; init; }

    /// <summary>Values for <c>{name:Type}</c>, escaped as in TabSeparated.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; }

    /// <summary>Settings for this request only.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; }

    /// <summary>A memory file with the rows from the body, or null. The request's handler disposes it.</summary>
    public SafeFileHandle? Rows { get; init; }
}

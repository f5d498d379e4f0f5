using Microsoft.Win32.SafeHandles;

namespace Bxb.Embedded.Engine.Running;

/// <summary>What a client asks for, read from URL, headers and body.</summary>
internal sealed record QueryRequest
{
    /// <summary>The database that bare table names mean.</summary>
    public required string Database { get; init; }

    /// <summary>The statement's text.</summary>
    public required string Text { get; init; }

    /// <summary>The answer's format when the statement names none.</summary>
    public required string DefaultFormat { get; init; }

    /// <summary>Whether the request may change nothing (GET).</summary>
    public required bool ReadOnly { get; init; }

    /// <summary>Whether the whole answer is awaited before its first byte is sent.</summary>
    public required bool WaitForEnd { get; init; }

    /// <summary>Values for <c>{name:Type}</c>, escaped as in TabSeparated.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; }

    /// <summary>Settings of this request alone.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; }

    /// <summary>A memory file with the rows that came in the body, or null. Owned by the request's handler.</summary>
    public SafeFileHandle? Rows { get; init; }
}

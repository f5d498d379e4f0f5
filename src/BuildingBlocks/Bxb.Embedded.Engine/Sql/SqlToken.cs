namespace Bxb.Embedded.Engine.Sql;

internal enum SqlTokenKind
{
    /// <summary>A bare word or number.</summary>
    Word,

    /// <summary>A name in backticks or double quotes.</summary>
    QuotedName,

    /// <summary>A text in single quotes, or between dollar tags.</summary>
    Text,

    /// <summary>Any other character.</summary>
    Symbol,
}

/// <summary>A token of a statement.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Start">Index of its first character.</param>
/// <param name="End">Index after its last character.</param>
/// <param name="Depth">Number of round brackets around it.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int End, int Depth);

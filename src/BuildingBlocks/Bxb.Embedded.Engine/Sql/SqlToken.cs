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

/// <summary>A piece of a statement: where it stands, and how many round brackets are open around it.</summary>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int End, int Depth);

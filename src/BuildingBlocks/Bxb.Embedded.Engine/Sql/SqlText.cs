namespace Bxb.Embedded.Engine.Sql;

/// <summary>Quotes names and texts for SQL.</summary>
internal static class SqlText
{
    public static string Identifier(string name) => $"`{name.Replace("\\", "\\\\").Replace("`", "\\`")}`";

    public static string Literal(string text) => $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";
}

namespace Bxb.Embedded.Engine.Sql;

/// <summary>Writes names and texts into SQL so that nothing in them is read as SQL.</summary>
internal static class SqlText
{
    public static string Identifier(string name) => $"`{name.Replace("\\", "\\\\").Replace("`", "\\`")}`";

    public static string Literal(string text) => $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";
}

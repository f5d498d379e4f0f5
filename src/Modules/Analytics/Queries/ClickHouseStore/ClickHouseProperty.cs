using System.Globalization;
using System.Text;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Writes a property of the column <c>properties</c> in SQL. Names cannot be parameters, so they are quoted, and every special character is escaped.</summary>
internal static class ClickHouseProperty
{
    /// <summary>Returns an expression for the text of a property, <c>Nullable(String)</c>. The loader stores every value as text.</summary>
    public static string Text(UsageProperty path)
    {
        var sql = new StringBuilder("properties");
        foreach (var name in path.Names)
        {
            sql.Append(".`");
            foreach (var c in Stored(name))
            {
                // Every ASCII character except letters, digits and underscores is written as its code, including quotes and backslashes.
                _ = char.IsAsciiLetterOrDigit(c) || c == '_' || !char.IsAscii(c) ? sql.Append(c) : sql.Append(CultureInfo.InvariantCulture, $@"\x{(int)c:X2}");
            }

            sql.Append('`');
        }

        return sql.Append(".:String").ToString();
    }

    /// <summary>Returns a name as the loader stores it: without dots, which separate names, and without backticks, which the engine uses in <c>^`a`</c> and <c>:`Type`</c>.</summary>
    private static string Stored(string name) =>
        name.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal).Replace("`", "%60", StringComparison.Ordinal);
}

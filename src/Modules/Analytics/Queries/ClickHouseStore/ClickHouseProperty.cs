using System.Globalization;
using System.Text;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Names a property of the column <c>properties</c> in SQL. Names cannot be parameters there, so they are quoted such that nothing in them can end the quote.</summary>
internal static class ClickHouseProperty
{
    /// <summary>An expression for the text of a property, <c>Nullable(String)</c>: the loader stores every value as its text.</summary>
    public static string Text(UsageProperty path)
    {
        var sql = new StringBuilder("properties");
        foreach (var name in path.Names)
        {
            sql.Append(".`");
            foreach (var c in Stored(name))
            {
                // Whatever is ASCII and no letter, digit or underscore is written as its code, quotes and backslashes among them.
                _ = char.IsAsciiLetterOrDigit(c) || c == '_' || !char.IsAscii(c) ? sql.Append(c) : sql.Append(CultureInfo.InvariantCulture, $@"\x{(int)c:X2}");
            }

            sql.Append('`');
        }

        return sql.Append(".:String").ToString();
    }

    /// <summary>
    /// A name as the loader stores it: without dots, which would nest, and without backticks, by which the engine tells a name from its own <c>^`a`</c> and <c>:`Type`</c>.
    /// </summary>
    private static string Stored(string name) =>
        name.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal).Replace("`", "%60", StringComparison.Ordinal);
}

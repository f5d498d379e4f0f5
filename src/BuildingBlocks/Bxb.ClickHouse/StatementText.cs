namespace Bxb.ClickHouse;

/// <summary>Checks the text of a statement before it is sent.</summary>
internal static class StatementText
{
    /// <summary>Refuses a text that contains, or could contain, more than one statement, because the embedded engine would run all of them.</summary>
    /// <exception cref="ArgumentException">A semicolon is outside of quotes and comments, or a quote or comment is not closed.</exception>
    internal static void RequireOne(string sql)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);
        for (var i = 0; i < sql.Length; i++)
        {
            switch (sql[i])
            {
                case ';':
                    throw new ArgumentException("One statement at a time: there is a semicolon outside of quotes.", nameof(sql));
                case '\'' or '`' or '"':
                    i = SkipQuoted(sql, i);
                    break;
                case '-' when Next(sql, i) == '-':
                    i = IndexOrEnd(sql, '\n', i);
                    break;
                case '/' when Next(sql, i) == '*':
                    i = sql.IndexOf("*/", i + 2, StringComparison.Ordinal);
                    i = i < 0 ? throw new ArgumentException("A comment is not closed.", nameof(sql)) : i + 1;
                    break;
                case '$':
                    i = SkipHeredoc(sql, i);
                    break;
            }
        }
    }

    private static char Next(string sql, int i) => i + 1 < sql.Length ? sql[i + 1] : '\0';

    private static int IndexOrEnd(string sql, char c, int from)
    {
        var at = sql.IndexOf(c, from);
        return at < 0 ? sql.Length : at;
    }

    private static int SkipQuoted(string sql, int from)
    {
        for (var i = from + 1; i < sql.Length; i++)
        {
            if (sql[i] == '\\')
            {
                i++;
            }
            else if (sql[i] == sql[from])
            {
                return i;
            }
        }

        throw new ArgumentException("A quote is not closed.", nameof(sql));
    }

    /// <summary>A heredoc is <c>$tag$ ... $tag$</c>; a single dollar sign is not.</summary>
    private static int SkipHeredoc(string sql, int from)
    {
        var end = from + 1;
        while (end < sql.Length && (char.IsAsciiLetterOrDigit(sql[end]) || sql[end] == '_'))
        {
            end++;
        }

        if (end == sql.Length || sql[end] != '$')
        {
            return from;
        }

        var tag = sql[from..(end + 1)];
        var close = sql.IndexOf(tag, end + 1, StringComparison.Ordinal);
        return close < 0 ? throw new ArgumentException("A heredoc is not closed.", nameof(sql)) : close + tag.Length - 1;
    }
}

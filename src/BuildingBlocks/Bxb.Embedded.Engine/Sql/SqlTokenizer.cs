namespace Bxb.Embedded.Engine.Sql;

/// <summary>
/// Splits a statement into tokens, as far as its clauses need it. Comments are skipped, and quoted text is one token. Never fails: the engine judges malformed statements.
/// </summary>
internal static class SqlTokenizer
{
    /// <summary>The tokens of a statement.</summary>
    /// <param name="sql">The statement, perhaps followed by rows.</param>
    /// <param name="isEnd">Called after each token; true ends the statement there.</param>
    public static List<SqlToken> Read(string sql, Func<string, List<SqlToken>, bool>? isEnd = null)
    {
        var tokens = new List<SqlToken>();
        var depth = 0;
        for (var i = 0; i < sql.Length;)
        {
            var c = sql[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }

            if (CommentEnd(sql, i) is { } afterComment)
            {
                i = afterComment;
                continue;
            }

            var (kind, end) = c switch
            {
                '\'' => (SqlTokenKind.Text, QuoteEnd(sql, i)),
                '"' or '`' => (SqlTokenKind.QuotedName, QuoteEnd(sql, i)),
                '$' when HeredocEnd(sql, i) is { } afterHeredoc => (SqlTokenKind.Text, afterHeredoc),
                _ when IsWord(c) => (SqlTokenKind.Word, WordEnd(sql, i)),
                _ => (SqlTokenKind.Symbol, i + 1),
            };
            depth -= c == ')' && depth > 0 ? 1 : 0;
            tokens.Add(new SqlToken(kind, i, end, depth));
            depth += c == '(' ? 1 : 0;
            i = end;
            if (isEnd is not null && isEnd(sql, tokens))
            {
                break;
            }
        }

        return tokens;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_' || c > 127;

    private static int WordEnd(string sql, int i)
    {
        while (i < sql.Length && (IsWord(sql[i]) || sql[i] == '$'))
        {
            i++;
        }

        return i;
    }

    private static int QuoteEnd(string sql, int start)
    {
        var quote = sql[start];
        for (var i = start + 1; i < sql.Length; i++)
        {
            if (sql[i] == '\\')
            {
                i++;
            }
            else if (sql[i] == quote)
            {
                if (i + 1 >= sql.Length || sql[i + 1] != quote)
                {
                    return i + 1;
                }

                i++;
            }
        }

        return sql.Length;
    }

    private static int? HeredocEnd(string sql, int start)
    {
        var tagEnd = start + 1;
        while (tagEnd < sql.Length && IsWord(sql[tagEnd]))
        {
            tagEnd++;
        }

        if (tagEnd >= sql.Length || sql[tagEnd] != '$')
        {
            return null;
        }

        var tag = sql[start..(tagEnd + 1)];
        var end = sql.IndexOf(tag, tagEnd + 1, StringComparison.Ordinal);
        return end < 0 ? sql.Length : end + tag.Length;
    }

    private static int? CommentEnd(string sql, int i)
    {
        var rest = sql.AsSpan(i);
        if (rest.StartsWith("--") || rest.StartsWith("#!") || rest.StartsWith("# "))
        {
            var line = rest.IndexOf('\n');
            return line < 0 ? sql.Length : i + line + 1;
        }

        if (rest.StartsWith("/*"))
        {
            var end = sql.IndexOf("*/", i + 2, StringComparison.Ordinal);
            return end < 0 ? sql.Length : end + 2;
        }

        return null;
    }
}

namespace Bxb.Embedded.Engine.Sql;

/// <summary>
/// One statement as clients send it to a ClickHouse server, adapted to the embedded engine: a second statement is refused, the rows of an INSERT are read from a file, and SYNC is removed from a
/// DROP, whose wait would never end. DROP is immediate in the engine.
/// </summary>
internal sealed class Statement
{
    private const int SyntaxError = 62;
    private const int NotImplemented = 48;

    private static readonly string[] ReadingVerbs = ["SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "("];

    private readonly List<SqlToken> _tokens;
    private readonly string _text;

    private Statement(string text, List<SqlToken> tokens, int dataStart)
    {
        (_text, _tokens, DataStart) = (text, tokens, dataStart);
        Sql = tokens.Count == 0 ? "" : text[..tokens[^1].End];
    }

    /// <summary>The statement without comments at its end, semicolon or rows.</summary>
    public string Sql { get; }

    /// <summary>Index of the first row of an INSERT in the parsed text; the text's length when there are no rows.</summary>
    public int DataStart { get; }

    /// <summary>The first word, in capitals.</summary>
    public string Verb => _tokens.Count > 0 ? Word(0) : "";

    /// <summary>Whether the statement changes nothing, so GET may carry it.</summary>
    public bool IsReading => ReadingVerbs.Contains(Verb);

    /// <summary>Whether its rows are fetched piece by piece, because they may be many.</summary>
    public bool IsStreamed => Verb is "SELECT" or "WITH" or "(";

    /// <summary>Whether it is an INSERT whose rows come with the request.</summary>
    public bool TakesRows => Verb == "INSERT" && (FormatAt >= 0 || ValuesAt >= 0 || InputAt >= 0);

    /// <summary>The format that the statement names for its answer, or null.</summary>
    public string? OutputFormat => Verb != "INSERT" && FormatAt >= 0 && FormatAt + 1 < _tokens.Count ? TextOf(FormatAt + 1) : null;

    private int FormatAt => FindLast("FORMAT");

    private int ValuesAt => FindLast("VALUES");

    private int InputAt => Enumerable.Range(0, Math.Max(0, _tokens.Count - 3)).FirstOrDefault(i => Word(i) == "INPUT" && TextOf(i + 1) == "(" && _tokens[i + 2].Kind == SqlTokenKind.Text, -1);

    /// <summary>Parses a text that begins with a statement.</summary>
    /// <exception cref="EngineException">The text is empty, has several statements, or has one that needs a session.</exception>
    public static Statement Parse(string text)
    {
        var tokens = SqlTokenizer.Read(text, IsBeforeRows);
        var dataStart = text.Length;
        if (tokens.Count > 0 && IsBeforeRows(text, tokens))
        {
            dataStart = AfterLineBreak(text, tokens[^1].End);
        }

        while (tokens.Count > 0 && text[tokens[^1].Start] == ';' && tokens[^1].Kind == SqlTokenKind.Symbol)
        {
            tokens.RemoveAt(tokens.Count - 1);
        }

        var statement = new Statement(text, tokens, dataStart);
        if (tokens.Count == 0)
        {
            throw EngineException.Own(SyntaxError, "SYNTAX_ERROR", "Empty query.");
        }

        if (tokens.Exists(t => t.Kind == SqlTokenKind.Symbol && text[t.Start] == ';'))
        {
            throw EngineException.Own(SyntaxError, "SYNTAX_ERROR", "Multi-statements are not allowed.");
        }

        if (statement.Verb is "SET" or "USE" || (statement.Verb == "CREATE" && statement.Has("TEMPORARY")))
        {
            throw EngineException.Own(NotImplemented, "NOT_IMPLEMENTED", "The embedded engine has no sessions: send settings and the database with the request.");
        }

        return statement;
    }

    /// <summary>The statement without SYNC at its end.</summary>
    public string WithoutSync()
    {
        var last = _tokens.Count - 1;
        if (Verb is not ("DROP" or "DETACH"))
        {
            return Sql;
        }

        return Word(last) == "SYNC" ? Sql[.._tokens[last].Start]
            : last > 1 && Word(last) == "DELAY" && Word(last - 1) == "NO" ? Sql[.._tokens[last - 1].Start]
            : Sql;
    }

    /// <summary>The INSERT with its rows read from a file: <c>input(structure)</c> becomes <c>file(path, format, structure)</c>, and the FORMAT clause goes.</summary>
    public string WithRowsFrom(string path)
    {
        var clause = FormatAt >= 0 ? FormatAt : ValuesAt;
        var format = FormatAt >= 0 ? TextOf(FormatAt + 1) : "Values";
        var head = clause >= 0 ? Sql[.._tokens[clause].Start] : Sql;
        var input = InputAt;
        return input >= 0 && _tokens[input + 3].End <= head.Length
            ? $"{head[.._tokens[input].Start]}file({SqlText.Literal(path)}, {SqlText.Literal(clause >= 0 ? format : "RowBinary")}, {TextOf(input + 2)}){head[_tokens[input + 3].End..]}"
            : $"{BeforeSettings(head, out var settings)} SELECT * FROM file({SqlText.Literal(path)}, {SqlText.Literal(format)}) {settings}";
    }

    /// <summary>
    /// The queries that a KILL QUERY names, in the forms <c>WHERE query_id = …</c> and <c>WHERE startsWith(query_id, …) [AND position(query_id, …) > 0]</c>: the id, or its beginning and a part
    /// of it, as tokens (a text, or a parameter in braces). Null for any other statement.
    /// </summary>
    public (string Token, bool IsPrefix, string Containing)? KilledQueries()
    {
        if (_tokens.Count < 6 || Word(0) != "KILL" || Word(1) != "QUERY" || Word(2) != "WHERE")
        {
            return null;
        }

        var last = Word(_tokens.Count - 1) is "SYNC" or "ASYNC" ? _tokens.Count - 2 : _tokens.Count - 1;
        if (last >= 5 && Word(3) == "QUERY_ID" && TextOf(4) == "=")
        {
            return (TextOf(5, last), false, "");
        }

        var and = _tokens.FindIndex(3, t => t.Depth == 0 && Is(_text, t, "AND"));
        var end = and < 0 ? last : and - 1;
        var hasPart = and > 0 && IsCallOn("POSITION", and + 1, last - 2) && TextOf(last - 1) == ">" && TextOf(last) == "0";
        return IsCallOn("STARTSWITH", 3, end) && (and < 0 || hasPart) ? (TextOf(7, end - 1), true, hasPart ? TextOf(and + 5, last - 3) : "") : null;
    }

    /// <summary>Whether the tokens are a call of the function with <c>query_id</c> and one more argument.</summary>
    private bool IsCallOn(string function, int from, int to) =>
        to > from + 4 && Word(from) == function && TextOf(from + 1) == "(" && Word(from + 2) == "QUERY_ID" && TextOf(from + 3) == "," && TextOf(to) == ")";

    private static bool IsBeforeRows(string sql, List<SqlToken> tokens)
    {
        if (tokens.Count < 3 || !Is(sql, tokens[0], "INSERT") || tokens[^1].Depth != 0)
        {
            return false;
        }

        var last = tokens[^1];
        return (Is(sql, last, "VALUES") && !tokens.Exists(t => Is(sql, t, "SELECT") || Is(sql, t, "FROM")))
            || (Is(sql, tokens[^2], "FORMAT") && tokens[^2].Depth == 0 && last.Kind == SqlTokenKind.Word);
    }

    private static int AfterLineBreak(string text, int i)
    {
        while (i < text.Length && text[i] is ' ' or '\t' or '\r' or ';')
        {
            i++;
        }

        return i < text.Length && text[i] == '\n' ? i + 1 : i;
    }

    private static bool Is(string sql, SqlToken token, string word) =>
        token.Kind == SqlTokenKind.Word && sql.AsSpan(token.Start, token.End - token.Start).Equals(word, StringComparison.OrdinalIgnoreCase);

    private string BeforeSettings(string head, out string settings)
    {
        // Only the FORMAT clause follows the head, and a format may have any name.
        var at = _tokens.FindLastIndex(t => t.Depth == 0 && t.End <= head.Length && Is(_text, t, "SETTINGS"));
        settings = at >= 0 ? head[_tokens[at].Start..] : "";
        return at >= 0 ? head[.._tokens[at].Start] : head;
    }

    private int FindLast(string word) => _tokens.FindLastIndex(t => t.Depth == 0 && Is(_text, t, word));

    private bool Has(string word) => _tokens.Exists(t => Is(_text, t, word));

    private string TextOf(int first, int last) => _text[_tokens[first].Start.._tokens[last].End];

    private string TextOf(int i) => i >= 0 && i < _tokens.Count ? _text[_tokens[i].Start.._tokens[i].End] : "";

    private string Word(int i) => i < _tokens.Count && _tokens[i].Kind is SqlTokenKind.Word or SqlTokenKind.Symbol ? TextOf(i).ToUpperInvariant() : "";
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Parlot;
using Parlot.Fluent;
using static Parlot.Fluent.Parsers;

namespace Bxb.Management.Contracts.Expressions;

/// <summary>Parses the expression of a metric, such as <c>max(0, tokens.input - 1000) * 0.5 + "cache hits"</c>. Thread-safe.</summary>
/// <remarks>
/// <c>+ - * /</c> with their usual order, parentheses, numbers, properties, and the functions <c>min max abs round ceil floor coalesce if</c>. <c>round</c>, <c>ceil</c> and <c>floor</c> take a
/// constant number of fractional digits as a second argument. The first argument of <c>if</c> is a comparison. A property is a dotted path of names that begin with a letter or an underscore;
/// any other path stands in double quotes, see <see cref="PropertyPath"/>, with a double quote written twice.
/// </remarks>
public static class ExpressionParser
{
    /// <summary>Maximum length of an expression, in UTF-16 units.</summary>
    public const int MaxLength = 2000;

    /// <summary>Maximum depth of nested parentheses.</summary>
    public const int MaxDepth = 32;

    /// <summary>Maximum number of constants, properties, operators and functions. The statement of the deepest such expression stays below the depth that ClickHouse takes by default.</summary>
    public const int MaxSteps = 100;

    private const int IntegerDigits = 20;
    private const int FractionalDigits = 18;
    private const string WrongDigits = "The second argument must be a whole number from 0 to 18.";

    private static readonly Parser<Expression> Grammar = Build();

    /// <summary>Parses an expression.</summary>
    /// <param name="text">The text.</param>
    /// <param name="expression">The expression.</param>
    /// <param name="fault">What is wrong, as the rest of a sentence; null if nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Expression? expression, [NotNullWhen(false)] out string? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        expression = null;
        fault = FindBound(text);
        if (fault is not null)
        {
            return false;
        }

        if (!Grammar.TryParse(text, out var parsed, out var error))
        {
            fault = error is null
                ? "must be an expression such as max(0, bytes - 1000) * 0.5"
                : string.Create(CultureInfo.InvariantCulture, $"is wrong at character {error.Position.Column}: {error.Message}");
            return false;
        }

        if (parsed.All().Take(MaxSteps + 1).Count() > MaxSteps)
        {
            fault = $"must have at most {MaxSteps} constants, properties, operators and functions";
            return false;
        }

        expression = parsed;
        return true;
    }

    /// <summary>Returns why a text is not parsed at all. The parser calls itself for each parenthesis.</summary>
    private static string? FindBound(string text)
    {
        if (text.Length > MaxLength)
        {
            return $"must have at most {MaxLength} characters";
        }

        var (depth, quoted) = (0, false);
        foreach (var c in text)
        {
            quoted ^= c == '"';
            depth += quoted ? 0 : c switch { '(' => 1, ')' => -1, _ => 0 };
            if (depth > MaxDepth)
            {
                return $"must not nest parentheses deeper than {MaxDepth}";
            }
        }

        return null;
    }

    private static Parser<Expression> Build()
    {
        var expression = Deferred<Expression>();
        var open = Terms.Char('(').ElseError("'(' is missing.");
        var comma = Terms.Char(',').ElseError("',' is missing.");
        var close = Terms.Char(')').ElseError("')' is missing.");
        var operand = expression.ElseError("A number, a property, a function or '(' is missing.");

        var number = Terms.Pattern(c => char.IsAsciiDigit(c) || c == '.').Then((context, text) => ToConstant(text.ToString(), context));
        var quoted = Terms.Char('"').SkipAnd(ZeroOrMany(OneOf(Literals.Text("\"\"").Then("\""), Literals.Pattern(c => c != '"').Then(t => t.ToString()))))
            .AndSkip(Literals.Char('"').ElseError("'\"' is missing."))
            .Then((context, pieces) => ToProperty(string.Concat(pieces), context));
        var comparison = OneOf(Terms.Text("<="), Terms.Text(">="), Terms.Text("!="), Terms.Text("<"), Terms.Text(">"), Terms.Text("=")).ElseError("The first argument of if must be a comparison.");
        var choice = Word("if").SkipAnd(open).SkipAnd(operand).And(comparison).And(operand).AndSkip(comma).And(operand).AndSkip(comma).And(operand).AndSkip(close)
            .Then<Expression>(x => new If(x.Item2, x.Item1, x.Item3, x.Item4, x.Item5));
        var several = Between(open, Separated(Terms.Char(','), operand), close);
        var rounding = open.SkipAnd(operand).And(ZeroOrOne(Terms.Char(',').SkipAnd(Terms.Pattern(char.IsAsciiDigit).ElseError(WrongDigits)).Then(t => t.ToString()!))).AndSkip(close);
        var function = OneOf(
            choice,
            Word("min").SkipAnd(several).Then<Expression>(x => new Extreme(IsMax: false, x)),
            Word("max").SkipAnd(several).Then<Expression>(x => new Extreme(IsMax: true, x)),
            Word("coalesce").SkipAnd(several).Then<Expression>(x => new Coalesce(x)),
            Word("abs").SkipAnd(Between(open, operand, close)).Then<Expression>(x => new Absolute(x)),
            Word("round").SkipAnd(rounding).Then((context, x) => ToRounded(RoundingFunction.Round, x.Item1, x.Item2, context)),
            Word("ceil").SkipAnd(rounding).Then((context, x) => ToRounded(RoundingFunction.Ceil, x.Item1, x.Item2, context)),
            Word("floor").SkipAnd(rounding).Then((context, x) => ToRounded(RoundingFunction.Floor, x.Item1, x.Item2, context)));
        var name = Terms.Pattern(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.').Then((context, text) => ToProperty(text.ToString(), context));
        var primary = OneOf(number, quoted, function, name, Between(Terms.Char('('), operand, close));
        var unary = ZeroOrMany(Terms.Char('-')).And(primary).Then(x => x.Item1.Count % 2 == 0 ? x.Item2 : new Negated(x.Item2));
        var product = unary.And(ZeroOrMany(OneOf(Terms.Char('*'), Terms.Char('/')).And(unary.ElseError("The right operand is missing.")))).Then(Fold);
        expression.Parser = product.And(ZeroOrMany(OneOf(Terms.Char('+'), Terms.Char('-')).And(product.ElseError("The right operand is missing.")))).Then(Fold);
        return operand.AndSkip(SkipWhiteSpace(Always()).Eof().ElseError("An operator is missing."));

        static Expression Fold((Expression First, IReadOnlyList<(char Operator, Expression Right)> More) chain) =>
            chain.More.Aggregate(chain.First, (left, next) => new Binary(next.Operator, left, next.Right));
    }

    /// <summary>The name of a function, which a parenthesis follows.</summary>
    private static Parser<string> Word(string word) => Terms.Text(word).When((context, _) => Follows(context, '('));

    private static bool Follows(ParseContext context, char c) => context.Scanner.Buffer.AsSpan(context.Scanner.Cursor.Offset).TrimStart() is [var next, ..] && next == c;

    private static Expression ToConstant(string text, ParseContext context)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var (whole, fraction) = point < 0 ? (text, "0") : (text[..point], text[(point + 1)..]);
        if (whole.Length == 0 || fraction.Length is 0 or > FractionalDigits || fraction.Contains('.', StringComparison.Ordinal) || whole.TrimStart('0').Length > IntegerDigits)
        {
            throw new ParseException($"A number has 1 to {IntegerDigits} digits, and after a point 1 to {FractionalDigits} more.", context.Scanner.Cursor.Position);
        }

        return new Constant(text);
    }

    private static Expression ToProperty(string path, ParseContext context) => Follows(context, '(')
        ? throw new ParseException($"There is no function {path}.", context.Scanner.Cursor.Position)
        : PropertyPath.TryParse(path, out var names) ? new Property(names) : throw new ParseException("A property " + PropertyPath.Rule + ".", context.Scanner.Cursor.Position);

    private static Expression ToRounded(RoundingFunction function, Expression of, IReadOnlyList<string> digits, ParseContext context)
    {
        return int.TryParse(digits is [var given] ? given : "0", NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= FractionalDigits
            ? new Rounded(function, number, of)
            : throw new ParseException(WrongDigits, context.Scanner.Cursor.Position);
    }
}

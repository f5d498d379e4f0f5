using Bxb.Management.Contracts.Expressions;

namespace Bxb.Management.Tests;

public sealed class ExpressionParserTests
{
    [Theory]
    [InlineData("a + b * 2", "(a + (b * 2))")]
    [InlineData("a - b - c", "((a - b) - c)")]
    [InlineData("a / b * c", "((a / b) * c)")]
    [InlineData("(a + b) * 2", "((a + b) * 2)")]
    [InlineData("-a * --b - -2", "((-a * b) - -2)")]
    [InlineData("max(0, tokens.input - 1000) * 0.5", "(max(0, (tokens.input - 1000)) * 0.5)")]
    [InlineData("min(a)", "min(a)")]
    [InlineData("abs (a)", "abs(a)")]
    [InlineData("round(a) + ceil(a, 2) + floor(a, 18)", "((round(a, 0) + ceil(a, 2)) + floor(a, 18))")]
    [InlineData("coalesce(a, b, 1)", "coalesce(a, b, 1)")]
    [InlineData("if (a >= 1, b, -c)", "if(a >= 1, b, -c)")]
    [InlineData("if(a != b, if(a < b, 1, 2), 3)", "if(a != b, if(a < b, 1, 2), 3)")]
    [InlineData("iff + minimum + max", "((iff + minimum) + max)")]
    [InlineData("\"gb out\" + \"a\"\"b\" + \"x.y\"", "((gb out + a\"b) + x.y)")]
    [InlineData(" \t\n a \r\n ", "a")]
    [InlineData("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678")]
    public void An_expression_is_parsed(string text, string expected)
    {
        ExpressionParser.TryParse(text, out var expression, out var fault).ShouldBeTrue(fault);
        Write(expression!).ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData("a b")]
    [InlineData("a +")]
    [InlineData("* a")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("()")]
    [InlineData("min()")]
    [InlineData("min(a,)")]
    [InlineData("abs(a, b)")]
    [InlineData("round(a, b)")]
    [InlineData("round(a, 19)")]
    [InlineData("round(a, 99999999999)")]
    [InlineData("if(a, b, c)")]
    [InlineData("if(a < b, c)")]
    [InlineData("a < b")]
    [InlineData("power(a, 2)")]
    [InlineData("1e5")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("1.2.3")]
    [InlineData("2a")]
    [InlineData("123456789012345678901")]
    [InlineData("0.1234567890123456789")]
    [InlineData("a..b")]
    [InlineData("a.")]
    [InlineData("\"\"")]
    [InlineData("\"a")]
    [InlineData("\"a\\b\"")]
    [InlineData("é")]
    [InlineData("a; drop table x")]
    [InlineData("a\0")]
    public void What_is_no_expression_is_refused_with_a_reason(string text)
    {
        ExpressionParser.TryParse(text, out _, out var fault).ShouldBeFalse();
        fault.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public void Length_depth_and_steps_are_bounded()
    {
        Parses(new string('(', 32) + "a" + new string(')', 32)).ShouldBeTrue();
        Parses(new string('(', 33) + "a" + new string(')', 33)).ShouldBeFalse();
        Parses(string.Join('+', Enumerable.Repeat("a", 50))).ShouldBeTrue();
        Parses(string.Join('+', Enumerable.Repeat("a", 51))).ShouldBeFalse();
        Parses(new string('-', 1999) + "a").ShouldBeTrue();
        Parses(new string(' ', 2000) + "a").ShouldBeFalse();
        Parses(new string('(', 2000)).ShouldBeFalse();
        Parses(string.Concat(Enumerable.Repeat("\"(\"+", 400)) + "a").ShouldBeFalse();

        static bool Parses(string text) => ExpressionParser.TryParse(text, out _, out _);
    }

    private static string Write(Expression expression) => expression switch
    {
        Constant constant => constant.Text,
        Property property => string.Join('.', property.Path),
        Negated negated => "-" + Write(negated.Of),
        Absolute absolute => $"abs({Write(absolute.Of)})",
        Binary binary => $"({Write(binary.Left)} {binary.Operator} {Write(binary.Right)})",
        Extreme extreme => $"{(extreme.IsMax ? "max" : "min")}({string.Join(", ", extreme.Of.Select(Write))})",
        Rounded rounded => $"{rounded.Function.ToString().ToLowerInvariant()}({Write(rounded.Of)}, {rounded.Digits})",
        Coalesce coalesce => $"coalesce({string.Join(", ", coalesce.Of.Select(Write))})",
        If choice => $"if({Write(choice.Left)} {choice.Comparison} {Write(choice.Right)}, {Write(choice.Then)}, {Write(choice.Else)})",
        _ => throw new ArgumentOutOfRangeException(nameof(expression)),
    };
}

using System.Globalization;
using System.Numerics;
using Bxb.Management.Contracts;
using Bxb.Management.Contracts.Expressions;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Evaluates expressions in units of 10^-18, and generates random ones.</summary>
internal static class NaiveExpression
{
    private static readonly BigInteger Unit = BigInteger.Pow(10, 18);
    private static readonly BigInteger Limit = BigInteger.Pow(10, 38);
    private static readonly string[] Comparisons = ["<", "<=", ">", ">=", "=", "!="];

    public static BigInteger? Evaluate(Expression expression, Func<Property, BigInteger?> number)
    {
        switch (expression)
        {
            case Constant constant:
                var (whole, fraction) = constant.Text.Split('.') is [var w, var f] ? (w, f) : (constant.Text, "");
                return BigInteger.Parse(whole + fraction.PadRight(18, '0'), NumberStyles.None, CultureInfo.InvariantCulture);
            case Property property:
                return number(property);
            case Negated negated:
                return -Of(negated.Of);
            case Absolute absolute:
                return Of(absolute.Of) is { } value ? BigInteger.Abs(value) : null;
            case Binary binary:
                return Of(binary.Left) is not { } left || Of(binary.Right) is not { } right ? null : binary.Operator switch
                {
                    '+' => Step(left + right),
                    '-' => Step(left - right),
                    '*' => Step(Nearest(left * right, Unit)),
                    _ => right.IsZero ? null : Step(Nearest(left * Unit * right.Sign, BigInteger.Abs(right))),
                };
            case Extreme extreme:
                var all = extreme.Of.Select(Of).ToList();
                return all.Contains(null) ? null : extreme.IsMax ? all.Max() : all.Min();
            case Rounded rounded:
                var step = BigInteger.Pow(10, 18 - rounded.Digits);
                return Of(rounded.Of) is not { } exact ? null : Step(step * rounded.Function switch
                {
                    RoundingFunction.Round => Nearest(exact, step),
                    RoundingFunction.Floor => Below(exact, step),
                    _ => -Below(-exact, step),
                });
            case Coalesce coalesce:
                return coalesce.Of.Select(Of).FirstOrDefault(v => v is not null);
            case If choice:
                return Of(choice.Left) is not { } a || Of(choice.Right) is not { } b ? null : Of(Holds(choice.Comparison, a.CompareTo(b)) ? choice.Then : choice.Else);
            default:
                throw new ArgumentOutOfRangeException(nameof(expression));
        }

        BigInteger? Of(Expression part) => Evaluate(part, number);
    }

    /// <summary>Returns the text of a random expression over some properties.</summary>
    public static string Generate(Random random, IReadOnlyList<string> properties, int depth)
    {
        while (true)
        {
            var text = Write(random, properties, depth);
            if (ExpressionParser.TryParse(text, out _, out _))
            {
                return text;
            }
        }
    }

    private static string Write(Random random, IReadOnlyList<string> properties, int depth)
    {
        if (depth == 0 || random.Next(6) == 0)
        {
            return random.Next(3) > 0 ? properties[random.Next(properties.Count)] : new[] { "0", "1", "2.5", "0.000000000000000003", "99999999999999999999.999999999999999999", "3" }[random.Next(6)];
        }

        return random.Next(9) switch
        {
            0 => $"-{Sub()}",
            1 => $"abs({Sub()})",
            2 => $"{(random.Next(2) == 0 ? "min" : "max")}({Sub()}, {Sub()})",
            3 => $"{new[] { "round", "ceil", "floor" }[random.Next(3)]}({Sub()}, {random.Next(19)})",
            4 => $"coalesce({Sub()}, {Sub()})",
            5 => $"if({Sub()} {Comparisons[random.Next(6)]} {Sub()}, {Sub()}, {Sub()})",
            _ => $"({Sub()} {"+-*/"[random.Next(4)]} {Sub()})",
        };

        string Sub() => Write(random, properties, depth - 1);
    }

    private static bool Holds(string comparison, int order) => comparison switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, ">=" => order >= 0, "=" => order == 0, _ => order != 0 };

    private static BigInteger? Step(BigInteger result) => BigInteger.Abs(result) < Limit ? result : null;

    /// <summary>Divides by a positive number and rounds half away from zero.</summary>
    private static BigInteger Nearest(BigInteger number, BigInteger by) => number.Sign * (((BigInteger.Abs(number) * 2) + by) / (by * 2));

    private static BigInteger Below(BigInteger number, BigInteger by) => (number - (((number % by) + by) % by)) / by;
}

using System.Globalization;
using Bxb.Management.Contracts.Expressions;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>Translates the expression of a metric to SQL, with the results of <see cref="ClickHouseStore.ClickHouseExpression"/>. No event makes the query fail.</summary>
internal static class PostgresExpression
{
    /// <summary>Returns an expression of the type numeric.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="number">Returns the SQL of a property's number.</param>
    public static string Sql(Expression expression, Func<Property, string> number)
    {
        return expression switch
        {
            Constant constant => $"{constant.Text}::numeric",
            Property property => "(" + number(property) + ")",
            Negated negated => $"(-{Of(negated.Of)})",
            Absolute absolute => $"abs({Of(absolute.Of)})",
            Binary { Operator: '/' } quotient => $"analytics.step(analytics.quotient({Of(quotient.Left)}, {Of(quotient.Right)}))",
            Binary binary => $"analytics.step({Of(binary.Left)} {binary.Operator} {Of(binary.Right)})",
            // "greatest" and "least" leave NULL out.
            Extreme extreme => extreme.Of.Select(Of).Aggregate((a, b) => $"analytics.{(extreme.IsMax ? "greater" : "lesser")}({a}, {b})"),
            Rounded rounded => string.Create(CultureInfo.InvariantCulture, $"analytics.step(analytics.{rounded.Function.ToString().ToLowerInvariant()}_to({Of(rounded.Of)}, {rounded.Digits}))"),
            Coalesce coalesce => $"coalesce({string.Join(", ", coalesce.Of.Select(Of))})",
            If choice => $"(case {Of(choice.Left)} {(choice.Comparison == "!=" ? "<>" : choice.Comparison)} {Of(choice.Right)} when true then {Of(choice.Then)} when false then {Of(choice.Else)} end)",
            _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "Unknown expression."),
        };

        string Of(Expression part) => Sql(part, number);
    }
}

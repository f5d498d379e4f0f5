using System.Globalization;
using Bxb.Management.Contracts;
using Bxb.Management.Contracts.Expressions;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Translates the expression of a metric to SQL, with the results of <see cref="PostgresStore.PostgresExpression"/>. No event makes the query fail.</summary>
/// <remarks>
/// The SQL names each operand once, because the engine copies an alias to every place that names it: an operand named twice at each level would grow the statement exponentially.
/// Requires the setting <c>least_greatest_legacy_null_behavior</c>, with which <c>least</c> and <c>greatest</c> of NULL are NULL.
/// </remarks>
internal static class ClickHouseExpression
{
    /// <summary>Returns columns that end with the number of the expression, <c>Nullable(Decimal(76, 18))</c>.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="name">The name of the number.</param>
    public static string Columns(Expression expression, string name)
    {
        var properties = expression.All().OfType<Property>().Distinct().Select((p, i) => (Property: p, Name: string.Create(CultureInfo.InvariantCulture, $"x{i}"))).ToList();
        var numbers = properties.Select(p => $"{ClickHouseProperty.Text(new UsageProperty(p.Property.Path))} AS {p.Name}_t,\n    {ClickHouseNumber.Columns(p.Name + "_t", p.Name)},\n    ");
        return string.Concat(numbers) + $"{Sql(expression, properties.ToDictionary(p => p.Property, p => p.Name))} AS {name}";
    }

    private static string Sql(Expression expression, Dictionary<Property, string> numbers)
    {
        return expression switch
        {
            Constant constant => $"toNullable(toDecimal256('{constant.Text}', 18))",
            Property property => numbers[property],
            Negated negated => $"negate({Of(negated.Of)})",
            Absolute absolute => $"abs({Of(absolute.Of)})",
            Binary { Operator: '*' } product => Step($"{Of(product.Left)} * {Of(product.Right)}"),
            // The quotient is cut off after 37 digits, so that rounding it to 18 gives what rounding the exact quotient gives.
            Binary { Operator: '/' } quotient => Step($"toDecimal256({Of(quotient.Left)}, 37) / nullIf({Of(quotient.Right)}, toDecimal256(0, 18))"),
            Binary sum => Step($"{Of(sum.Left)} {sum.Operator} {Of(sum.Right)}"),
            Extreme extreme => extreme.Of.Select(Of).Aggregate((a, b) => $"{(extreme.IsMax ? "greatest" : "least")}({a}, {b})"),
            Rounded rounded => Step($"{rounded.Function.ToString().ToLowerInvariant()}({Of(rounded.Of)}, {rounded.Digits})"),
            Coalesce coalesce => $"coalesce({string.Join(", ", coalesce.Of.Select(Of))})",
            // Where the comparison is NULL, so is the index and with it the element.
            If choice => $"arrayElement([{Of(choice.Else)}, {Of(choice.Then)}], ({Of(choice.Left)} {choice.Comparison} {Of(choice.Right)}) + 1)",
            _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "Unknown expression."),
        };

        string Of(Expression part) => Sql(part, numbers);
    }

    /// <summary>Rounds the result of a step to 18 fractional digits. NULL if it is 10^20 or more.</summary>
    private static string Step(string result)
    {
        const string Limit = "toDecimal256('100000000000000000000', 18)";
        return $"nullIf(nullIf(least(greatest(toDecimal256(round({result}, 18), 18), -{Limit}), {Limit}), {Limit}), -{Limit})";
    }
}

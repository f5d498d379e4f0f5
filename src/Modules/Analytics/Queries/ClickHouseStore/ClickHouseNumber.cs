namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Parses a text as a number in SQL, exactly as <c>analytics.number_of</c> does in PostgreSQL. No text makes the query fail.</summary>
internal static class ClickHouseNumber
{
    /// <summary>
    /// Returns columns that end with the number of a text, <c>Nullable(Decimal(76, 18))</c>; each can use those before it. The engine parses plain decimals as required (digits after the 18th
    /// are cut off) but fails on long exponents, so these are converted to plain decimals by shifting digits.
    /// </summary>
    /// <param name="t">The column of the text, <c>Nullable(String)</c>.</param>
    /// <param name="n">The name of the number. The other columns begin with it.</param>
    public static string Columns(string t, string n) => $$"""
        extract({{t}}, '^-?([0-9]+)') AS {{n}}_whole,
            concat({{n}}_whole, extract({{t}}, '^-?[0-9]+[.]([0-9]+)')) AS {{n}}_digits,
            replaceRegexpOne({{n}}_digits, '^0+', '') AS {{n}}_rest,
            extract({{t}}, '[eE][+-]?0*([0-9]*)$') AS {{n}}_exponent,
            if(length({{n}}_exponent) > 12, 1000000000000, toInt64OrZero({{n}}_exponent)) * if(match({{t}}, '[eE]-'), -1, 1) AS {{n}}_shift,
            greatest(-18, least(21, toInt64(length({{n}}_whole)) - toInt64(length({{n}}_digits)) + toInt64(length({{n}}_rest)) + {{n}}_shift)) AS {{n}}_point,
            concat(if(startsWith({{t}}, '-'), '-', ''),
                   if({{n}}_point > 0, rightPad(substring({{n}}_rest, 1, greatest({{n}}_point, 0)), greatest({{n}}_point, 0), '0'), '0'), '.',
                   if({{n}}_point >= 0, substring({{n}}_rest, greatest({{n}}_point, 0) + 1, 18), concat(repeat('0', greatest(-{{n}}_point, 0)), substring({{n}}_rest, 1, 18 + least({{n}}_point, 0)))),
                   '0') AS {{n}}_plain,
            multiIf(match({{t}}, '^-?(0|[1-9][0-9]{0,19})([.][0-9]+)?$'), toDecimal256OrNull({{t}}, 18),
                    NOT match({{t}}, '^-?(0|[1-9][0-9]*)([.][0-9]+)?[eE][+-]?[0-9]+$'), NULL,
                    {{n}}_rest = '', toDecimal256OrNull('0', 18),
                    {{n}}_point > 20, NULL,
                    toDecimal256OrNull({{n}}_plain, 18)) AS {{n}}
        """;
}

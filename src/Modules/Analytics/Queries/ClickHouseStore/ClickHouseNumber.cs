namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Parses a text as a number in SQL, exactly as <c>analytics.number_of</c> does in PostgreSQL. No text makes the query fail.</summary>
internal static class ClickHouseNumber
{
    /// <summary>
    /// Expressions over a column <c>t</c> of <c>Nullable(String)</c>; each can use those before it. <c>n</c> is the number, <c>Nullable(Decimal(76, 18))</c>. The engine parses plain decimals as
    /// required (digits after the 18th are cut off) but fails on long exponents, so these are converted to plain decimals by shifting digits.
    /// </summary>
    public const string Columns = """
        extract(t, '^-?([0-9]+)') AS n_whole,
            concat(n_whole, extract(t, '^-?[0-9]+[.]([0-9]+)')) AS n_digits,
            replaceRegexpOne(n_digits, '^0+', '') AS n_rest,
            extract(t, '[eE][+-]?0*([0-9]*)$') AS n_exponent,
            if(length(n_exponent) > 12, 1000000000000, toInt64OrZero(n_exponent)) * if(match(t, '[eE]-'), -1, 1) AS n_shift,
            greatest(-18, least(21, toInt64(length(n_whole)) - toInt64(length(n_digits)) + toInt64(length(n_rest)) + n_shift)) AS n_point,
            concat(if(startsWith(t, '-'), '-', ''),
                   if(n_point > 0, rightPad(substring(n_rest, 1, greatest(n_point, 0)), greatest(n_point, 0), '0'), '0'), '.',
                   if(n_point >= 0, substring(n_rest, greatest(n_point, 0) + 1, 18), concat(repeat('0', greatest(-n_point, 0)), substring(n_rest, 1, 18 + least(n_point, 0)))),
                   '0') AS n_plain,
            multiIf(match(t, '^-?(0|[1-9][0-9]{0,19})([.][0-9]+)?$'), toDecimal256OrNull(t, 18),
                    NOT match(t, '^-?(0|[1-9][0-9]*)([.][0-9]+)?[eE][+-]?[0-9]+$'), NULL,
                    n_rest = '', toDecimal256OrNull('0', 18),
                    n_point > 20, NULL,
                    toDecimal256OrNull(n_plain, 18)) AS n
        """;
}

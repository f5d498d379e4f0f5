using System.Globalization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Http;

/// <summary>Reads query parameters that <see cref="AllowedQuery"/> has accepted. A malformed one is 400 <c>invalid_parameter</c> and named.</summary>
public static class ApiQuery
{
    /// <summary>The error for a malformed parameter.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="reason">The predicate of the sentence: "must be ...".</param>
    public static ApiException Invalid(string name, string reason)
        => new(ErrorCode.InvalidParameter, $"The query parameter {name} {reason}.", [new ApiFault(name, reason)]);

    /// <summary>A whole number within the range, or <paramref name="byDefault"/> when the parameter is absent. Digits and a minus sign only.</summary>
    public static long WholeNumber(HttpContext context, string name, long byDefault, long min, long max)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!context.Request.Query.TryGetValue(name, out var values))
        {
            return byDefault;
        }

        var text = values.ToString();
        return !text.StartsWith('+') && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw Invalid(name, $"must be a whole number from {min} to {max}");
    }

    /// <summary>The size of a page.</summary>
    public static int Limit(HttpContext context, int byDefault, int max) => (int)WholeNumber(context, "limit", byDefault, 1, max);

    /// <summary>The text of a parameter; null when absent.</summary>
    public static string? Text(HttpContext context, string name)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;
    }

    /// <summary>A time, by <see cref="QueryTime"/>, a local one being read in UTC; null when absent.</summary>
    public static DateTimeOffset? Time(HttpContext context, string name) => Text(context, name) switch
    {
        null => null,
        var text when QueryTime.TryParse(text, out var time) => time.Utc,
        _ => throw Invalid(name, QueryTime.Rule),
    };

    /// <summary>422: the period ends before it begins.</summary>
    /// <param name="pointer">The name of the period's end, or its JSON Pointer.</param>
    public static ApiException Reversed(string pointer)
        => new(ErrorCode.ValidationFailed, "The period ends before it begins.", [new ApiFault(pointer, "must not lie before from")]);
}

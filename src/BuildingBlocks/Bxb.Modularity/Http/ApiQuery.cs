using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Bxb.Modularity.Http;

/// <summary>Reads query parameters that <see cref="AllowedQuery"/> let through. What cannot be read is 400 <c>invalid_parameter</c> and named.</summary>
public static class ApiQuery
{
    /// <summary>The error for a parameter that cannot be read.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="reason">Goes after the name in a sentence: "must be ...".</param>
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

    /// <summary>What <see cref="CursorOf"/> was given for the page before; null for the first page.</summary>
    public static string? Cursor(HttpContext context)
    {
        if (Text(context, "cursor") is not { } cursor)
        {
            return null;
        }

        try
        {
            var bytes = WebEncoders.Base64UrlDecode(cursor);
            // No key holds NUL, and PostgreSQL takes no text that does.
            if (bytes.Length > 0 && Utf8.IsValid(bytes) && !bytes.Contains((byte)0))
            {
                return Encoding.UTF8.GetString(bytes);
            }
        }
        catch (FormatException)
        {
            // Answered below, as a cursor of other bytes is.
        }

        throw Invalid("cursor", "must be the next_cursor of an earlier answer");
    }

    /// <summary>An opaque cursor over the sort key of the last entry of a page.</summary>
    public static string CursorOf(string lastKey) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(lastKey));
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Bxb.Analytics.Http;

/// <summary>Times of a request: ISO 8601 with an offset. Digits past the millisecond are cut off, as they are of an event's time.</summary>
internal static partial class UsageTime
{
    /// <summary>Reads a time.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length > 64 || Pattern().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var fraction = match.Groups["fraction"].Value.PadRight(3, '0')[..3];
        var plain = $"{match.Groups["day"]}T{match.Groups["time"]}.{fraction}{match.Groups["offset"].Value.ToUpperInvariant()}";
        if (!DateTimeOffset.TryParseExact(plain, "yyyy-MM-ddTHH:mm:ss.fffK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time))
        {
            return false;
        }

        time = time.ToUniversalTime();
        return true;
    }

    [GeneratedRegex(@"^(?<day>\d{4}-\d\d-\d\d)[Tt](?<time>\d\d:\d\d:\d\d)([.,](?<fraction>\d+))?(?<offset>[Zz]|[+-]\d\d:\d\d)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking, 1000)]
    private static partial Regex Pattern();
}

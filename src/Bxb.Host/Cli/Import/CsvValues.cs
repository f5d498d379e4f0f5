using System.Text.RegularExpressions;

namespace Bxb.Host.Cli.Import;

/// <summary>Converts fields of a CSV file to values of an event.</summary>
internal static partial class CsvValues
{
    /// <summary>
    /// Whether a text is a plain decimal, which a number represents exactly: <c>007</c>, <c>+1</c>, <c>.5</c>, <c>1E5</c>, <c>-0</c> and <c> 1</c> are not. At most 100 characters, the host's limit of
    /// digits.
    /// </summary>
    public static bool IsPlainDecimal(string text) => text.Length <= 100 && PlainDecimal().IsMatch(text);

    /// <summary>
    /// Converts a date, or a date and a time separated by a space or a T, to ISO 8601, with <paramref name="offset"/> when it has none. Other texts, such as Unix seconds, are returned unchanged for
    /// the host to check.
    /// </summary>
    public static string ToIso(string text, string offset)
    {
        var match = DateAndTime().Match(text);
        if (!match.Success)
        {
            return text;
        }

        var time = match.Groups["time"];
        var seconds = match.Groups["seconds"];
        var own = match.Groups["offset"];
        return match.Groups["date"].Value + "T" + (time.Success ? time.Value : "00:00") + (seconds.Success ? seconds.Value : ":00") + (own.Success ? own.Value.ToUpperInvariant() : offset);
    }

    [GeneratedRegex(@"^(?!-0(\.0+)?\z)-?(0|[1-9][0-9]*)(\.[0-9]+)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex PlainDecimal();

    [GeneratedRegex(@"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})([ Tt](?<time>[0-9]{2}:[0-9]{2})(?<seconds>:[0-9]{2}(\.[0-9]+)?)? ?(?<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?)?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex DateAndTime();
}

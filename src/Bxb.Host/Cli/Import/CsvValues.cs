using System.Text.RegularExpressions;

namespace Bxb.Host.Cli.Import;

/// <summary>Converts texts of a CSV file to values of an event.</summary>
internal static partial class CsvValues
{
    /// <summary>
    /// Whether a text is a plain decimal, so that it means the same as a number: <c>007</c>, <c>+1</c>, <c>.5</c>, <c>1E5</c>, <c>-0</c> and <c> 1</c> are not.
    /// At most 100 characters, as many digits as the host takes.
    /// </summary>
    public static bool IsPlainDecimal(string text) => text.Length <= 100 && PlainDecimal().IsMatch(text);

    /// <summary>
    /// A date, or a date and time with a blank or a T between them, becomes ISO 8601, with <paramref name="offset"/> behind it if it carries none.
    /// Anything else, such as Unix seconds, is left for the host to judge.
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

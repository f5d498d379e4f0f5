using System.Globalization;
using System.Text.RegularExpressions;

namespace Bxb.Embedded.Engine;

/// <summary>An error in ClickHouse's own form: <c>Code: N. DB::Exception: text. (NAME)</c>.</summary>
internal sealed partial class EngineException(int code, string text) : Exception(text)
{
    private const int UnknownException = 1002;

    /// <summary>ClickHouse's number of the error.</summary>
    public int Code { get; } = code;

    /// <summary>An error of this process, in the engine's form.</summary>
    public static EngineException Own(int code, string name, string text) => new(code, $"Code: {code.ToString(CultureInfo.InvariantCulture)}. DB::Exception: {text} ({name})");

    /// <summary>Reads the code from the engine's text. Nested errors repeat the prefix; the first one counts.</summary>
    public static EngineException Parse(string text)
    {
        var match = CodePattern().Match(text);
        return match.Success && int.TryParse(match.Groups["code"].ValueSpan, CultureInfo.InvariantCulture, out var code)
            ? new EngineException(code, text[match.Index..].TrimEnd())
            : Own(UnknownException, "UNKNOWN_EXCEPTION", text.Trim());
    }

    [GeneratedRegex(@"Code: (?<code>\d+)\.", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex CodePattern();
}

using System.Text;
using System.Text.RegularExpressions;

namespace Bxb.ClickHouse;

/// <summary>Finds the error text in an answer that has status 200 and is incomplete.</summary>
/// <remarks>
/// Servers since 25.11 frame it, at most 16 KiB: <c>\r\n__exception__\r\nTAG\r\nmessage\nlength TAG\r\n__exception__\r\n</c>, the tag being random and announced in a
/// header. Older ones, and proxies, write the bare text, <c>Code: N. DB::Exception: ...</c>. Whether the answer is whole is never told by this: see <see cref="AnswerTrailer"/>.
/// </remarks>
internal static partial class LateException
{
    /// <summary>A reader keeps this many bytes back until it has seen the end: the longest exception is among them.</summary>
    internal const int HoldBackBytes = 17 * 1024;

    private const string TagHeader = "X-ClickHouse-Exception-Tag";

    /// <summary>The tag that an answer announces; null if none.</summary>
    internal static string? TagOf(HttpResponseMessage response) => response.Headers.TryGetValues(TagHeader, out var tags) ? tags.First() : null;

    /// <summary>Looks at the last bytes of an answer that is not whole.</summary>
    /// <param name="tail">The end of the answer, at least <see cref="HoldBackBytes"/> if there are so many.</param>
    /// <param name="tag">What the header announced; null if nothing.</param>
    /// <returns>Null when there is no exception in it.</returns>
    internal static ClickHouseException? Find(ReadOnlySpan<byte> tail, string? tag)
    {
        if (tail.Length > HoldBackBytes)
        {
            tail = tail[^HoldBackBytes..];
        }

        return (tag is { Length: > 0 } ? FindFramed(tail, tag) : null) ?? FindBare(tail);
    }

    private static ClickHouseException? FindFramed(ReadOnlySpan<byte> tail, string tag)
    {
        var opening = Encoding.ASCII.GetBytes("\r\n__exception__\r\n" + tag + "\r\n");
        var at = tail.LastIndexOf(opening);
        if (at < 0)
        {
            return null;
        }

        var message = tail[(at + opening.Length)..];
        var closing = message.LastIndexOf(Encoding.ASCII.GetBytes(" " + tag + "\r\n__exception__"));
        if (closing >= 0)
        {
            var line = message[..closing].LastIndexOf((byte)'\n');
            message = line >= 0 ? message[..line] : message[..closing];
        }

        return ClickHouseErrors.Late(Encoding.UTF8.GetString(message));
    }

    private static ClickHouseException? FindBare(ReadOnlySpan<byte> tail)
    {
        // One character per byte, so that the bytes before the text cannot change it.
        var text = Encoding.Latin1.GetString(tail);
        var match = BarePattern().Match(text);
        return match.Success ? ClickHouseErrors.Late(Encoding.UTF8.GetString(tail[match.Index..])) : null;
    }

    [GeneratedRegex(@"Code: [0-9]{1,6}\. [A-Za-z_:]*Exception: ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BarePattern();
}

using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Finds the exception that a server appends to an answer whose status line said 200 already.</summary>
/// <remarks>
/// Servers since 25.11 frame it, at most 16 KiB: <c>\r\n__exception__\r\nTAG\r\nmessage\nlength TAG\r\n__exception__\r\n</c>, the tag being random and announced in a
/// header, so that data cannot be taken for it. Older ones write the bare text, <c>Code: N. DB::Exception: ... (version ...)\n</c>; only where no tag was announced
/// is that looked for.
/// </remarks>
internal static class LateException
{
    /// <summary>A reader keeps this many bytes back until it has seen the end: the longest exception is among them.</summary>
    internal const int HoldBackBytes = 17 * 1024;

    internal const string TagHeader = "X-ClickHouse-Exception-Tag";

    /// <summary>Looks at the last bytes of an answer that has ended, well or not.</summary>
    /// <param name="tail">The end of the answer, at least <see cref="HoldBackBytes"/> if there are so many.</param>
    /// <param name="tag">What the header announced; null if nothing.</param>
    /// <returns>Null when the answer does not end with an exception.</returns>
    internal static ClickHouseException? Find(ReadOnlySpan<byte> tail, string? tag)
    {
        if (tail.Length > HoldBackBytes)
        {
            tail = tail[^HoldBackBytes..];
        }

        return tag is { Length: > 0 } ? FindFramed(tail, tag) : FindBare(tail);
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

        return ClickHouseErrors.FromServer(Encoding.UTF8.GetString(message), 0, 200);
    }

    private static ClickHouseException? FindBare(ReadOnlySpan<byte> tail)
    {
        var text = tail.TrimEnd("\r\n"u8);
        if (!text.EndsWith(")"u8))
        {
            return null;
        }

        var at = text.LastIndexOf("Code: "u8);
        while (at >= 0)
        {
            var digits = text[(at + 6)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits > 0 && text[(at + 6 + digits)..].StartsWith(". DB::Exception: "u8))
            {
                return ClickHouseErrors.FromServer(Encoding.UTF8.GetString(text[at..]), 0, 200);
            }

            at = text[..at].LastIndexOf("Code: "u8);
        }

        return null;
    }
}

using System.Buffers.Text;
using System.Globalization;

namespace Bxb.LoadTest.Wire;

/// <summary>What the load generator wants to know of an answer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Position">Of the header <c>Bxb-Position</c>; 0 without it.</param>
/// <param name="RetryAfter">Of the header of that name; zero without it.</param>
/// <param name="Closes">Whether the host closes the connection behind it.</param>
/// <param name="Ingested">The number behind <c>"ingested":</c> in the body; -1 without it.</param>
/// <param name="Duplicates">The number behind <c>"duplicates":</c> in the body; -1 without it.</param>
internal readonly record struct Answer(int Status, long Position, TimeSpan RetryAfter, bool Closes, long Ingested, long Duplicates)
{
    /// <summary>Reads an answer if all of it is there.</summary>
    /// <exception cref="IOException">It is no HTTP/1.1 answer with a length or in chunks.</exception>
    public static bool TryParse(ReadOnlySpan<byte> received, out Answer answer)
    {
        answer = default;
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var head = received[..(end + 2)];
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
        {
            throw new IOException("This is no answer of HTTP/1.1.");
        }

        var body = received[(end + 4)..];
        var length = Number(Header(head, "content-length"u8), -1);
        if (length < 0 && Header(head, "transfer-encoding"u8).SequenceEqual("chunked"u8))
        {
            if (!IsWhole(body))
            {
                return false;
            }
        }
        else if (length < 0)
        {
            throw new IOException("An answer tells no length.");
        }
        else if (body.Length < length)
        {
            return false;
        }

        answer = new Answer(
            status, Number(Header(head, "bxb-position"u8), 0), TimeSpan.FromSeconds(Number(Header(head, "retry-after"u8), 0)),
            Header(head, "connection"u8).SequenceEqual("close"u8), Member(body, "\"ingested\":"u8), Member(body, "\"duplicates\":"u8));
        return true;
    }

    /// <summary>Whether chunks go on to the last, empty one. The members looked for stand near the start of a small body, whole within its first chunk.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> chunks)
    {
        while (true)
        {
            var line = chunks.IndexOf("\r\n"u8);
            if (line < 0)
            {
                return false;
            }

            if (!int.TryParse(chunks[..line], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size))
            {
                throw new IOException("A chunk tells no size.");
            }

            var next = line + 2 + size + 2;
            if (chunks.Length < next)
            {
                return false;
            }

            if (size == 0)
            {
                return true;
            }

            chunks = chunks[next..];
        }
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> head, ReadOnlySpan<byte> lowerName)
    {
        Span<byte> start = stackalloc byte[32];
        for (var line = head.IndexOf("\r\n"u8); line >= 0 && line + 2 < head.Length;)
        {
            head = head[(line + 2)..];
            line = head.IndexOf("\r\n"u8);
            if (line > lowerName.Length && head[lowerName.Length] == ':')
            {
                System.Text.Ascii.ToLower(head[..lowerName.Length], start, out var written);
                if (start[..written].SequenceEqual(lowerName))
                {
                    return head[(lowerName.Length + 1)..line].Trim((byte)' ');
                }
            }
        }

        return default;
    }

    private static long Number(ReadOnlySpan<byte> text, long otherwise) => Utf8Parser.TryParse(text, out long value, out _) ? value : otherwise;

    private static long Member(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
    {
        var at = body.IndexOf(name);
        return at < 0 ? -1 : Number(body[(at + name.Length)..].TrimStart((byte)' '), -1);
    }
}

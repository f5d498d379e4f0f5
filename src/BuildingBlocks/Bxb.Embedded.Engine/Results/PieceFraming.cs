namespace Bxb.Embedded.Engine.Results;

/// <summary>
/// Joins the pieces of a streamed result to one answer. The engine formats each piece as a whole answer. Pieces of most row formats can simply be joined; binary formats with names
/// repeat them in each piece; formats with a frame, such as JSON, cannot be joined.
/// </summary>
/// <param name="hasNames">Whether each piece begins with the columns' names.</param>
/// <param name="hasTypes">Whether their types follow.</param>
internal sealed class PieceFraming(bool hasNames, bool hasTypes)
{
    private const int UnknownException = 1002;

    private static readonly HashSet<string> Joinable = new(StringComparer.OrdinalIgnoreCase)
    {
        "RowBinary", "Native", "Null", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "JSONEachRow", "JSONCompactEachRow", "JSONStringsEachRow",
    };

    private byte[]? _head;

    /// <summary>How pieces in a format are joined; null when they cannot be joined and the result is taken as a whole.</summary>
    public static PieceFraming? Of(string format) =>
        Joinable.Contains(format) ? new PieceFraming(hasNames: false, hasTypes: false)
        : format.Equals("RowBinaryWithNamesAndTypes", StringComparison.OrdinalIgnoreCase) ? new PieceFraming(hasNames: true, hasTypes: true)
        : format.Equals("RowBinaryWithNames", StringComparison.OrdinalIgnoreCase) ? new PieceFraming(hasNames: true, hasTypes: false)
        : null;

    /// <summary>Number of bytes at the start of the next piece that repeat the first one and are left out.</summary>
    /// <exception cref="EngineException">The piece does not begin with the same names as the first one.</exception>
    public int Repeated(ReadOnlySpan<byte> piece)
    {
        if (!hasNames)
        {
            return 0;
        }

        if (_head is null)
        {
            _head = piece[..HeadLength(piece)].ToArray();
            return 0;
        }

        return piece.StartsWith(_head)
            ? _head.Length
            : throw EngineException.Own(UnknownException, "UNKNOWN_EXCEPTION", "A piece of the result does not begin with the columns' names.");
    }

    private int HeadLength(ReadOnlySpan<byte> piece)
    {
        var at = 0;
        var columns = Number(piece, ref at);
        for (var i = 0UL; i < (hasTypes ? columns * 2 : columns); i++)
        {
            var length = Number(piece, ref at);
            at += checked((int)length);
        }

        return at;
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }
}

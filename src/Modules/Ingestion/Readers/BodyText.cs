using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bxb.Modularity.Errors;

namespace Bxb.Ingestion.Readers;

/// <summary>What must hold of a body before and besides its members: not empty, UTF-8 throughout, JSON and nothing after it.</summary>
internal static class BodyText
{
    /// <summary>How JSON is read: strictly. Depth is no question of grammar; what may nest how deep is a rule of the properties.</summary>
    public static readonly JsonReaderOptions Strict = new() { MaxDepth = int.MaxValue };

    /// <summary>Checks the bytes. The JSON reader itself would let bytes through that are no UTF-8, inside of texts.</summary>
    public static Refusal? Check(ReadOnlySpan<byte> body)
    {
        if (body.Trim(" \t\r\n"u8).IsEmpty)
        {
            return new Refusal(ErrorCode.InvalidJson, "The body is empty.");
        }

        if (!Utf8.IsValid(body))
        {
            return new Refusal(ErrorCode.InvalidUtf8, $"The body is not UTF-8 at byte {FirstInvalid(body)}.");
        }

        return body.StartsWith("\uFEFF"u8) ? new Refusal(ErrorCode.InvalidJson, "The body is not JSON at byte 0: it begins with a byte order mark.") : null;
    }

    /// <summary>The refusal of a body that the JSON reader gave up on.</summary>
    public static Refusal NotJson(ReadOnlySpan<byte> body, JsonException failure)
    {
        long offset = 0;
        for (var line = failure.LineNumber ?? 0; line > 0; line--)
        {
            offset += body[(int)offset..].IndexOf((byte)'\n') + 1;
        }

        offset += failure.BytePositionInLine ?? 0;
        return new Refusal(ErrorCode.InvalidJson, offset >= body.Length ? $"The JSON breaks off at byte {body.Length}." : $"The body is not JSON at byte {offset}.");
    }

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (at < body.Length && (body[at] < 0x80 || Rune.DecodeFromUtf8(body[at..], out _, out _) == System.Buffers.OperationStatus.Done))
        {
            _ = Rune.DecodeFromUtf8(body[at..], out _, out var length);
            at += length;
        }

        return at;
    }
}

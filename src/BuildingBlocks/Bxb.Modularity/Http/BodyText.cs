using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bxb.Modularity.Errors;

namespace Bxb.Modularity.Http;

/// <summary>Checks that a body is not empty, is UTF-8, and is one JSON value with nothing after it.</summary>
public static class BodyText
{
    /// <summary>Checks the bytes. The JSON reader accepts strings that are not UTF-8.</summary>
    /// <returns>400 with the byte, or null.</returns>
    public static Refusal? Check(ReadOnlySpan<byte> body)
    {
        if (body.Trim(" \t\r\n"u8).IsEmpty)
        {
            return new Refusal(ErrorCode.InvalidJson, "The body is empty: there is no JSON at byte 0.");
        }

        return Utf8.IsValid(body) ? null : new Refusal(ErrorCode.InvalidUtf8, $"The body is not UTF-8 at byte {FirstInvalid(body)}.");
    }

    /// <summary>The refusal of a body that the JSON reader could not read: 400 with the byte.</summary>
    public static Refusal NotJson(ReadOnlySpan<byte> body, JsonException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
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
        while (at < body.Length && (body[at] < 0x80 || Rune.DecodeFromUtf8(body[at..], out _, out _) == OperationStatus.Done))
        {
            _ = Rune.DecodeFromUtf8(body[at..], out _, out var length);
            at += length;
        }

        return at;
    }
}

using System.Buffers;

namespace Bxb.Ingestion.Intake;

/// <summary>The rule of transaction_id, external_customer_id and code: 1 to 255 characters, no NUL. A character is a Unicode code point; case and normal form are kept.</summary>
internal static class TextRule
{
    /// <summary>The most characters.</summary>
    public const int MaxCharacters = 255;

    /// <summary>Checks a text of valid UTF-8.</summary>
    /// <returns>What is wrong, for a person; null if nothing is.</returns>
    public static string? Fault(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return "must not be empty";
        }

        // Shorter in bytes is shorter in characters: nearly every text ends here.
        if (text.Length > MaxCharacters)
        {
            var characters = Characters(text);
            if (characters > MaxCharacters)
            {
                return $"must have at most {MaxCharacters} characters, and has {characters}";
            }
        }

        return text.Contains((byte)0) ? "must not hold the character NUL" : null;
    }

    /// <summary>Whether the text is <c>.</c> or <c>..</c>: clients and servers take such a segment out of a path, so no URL can name it.</summary>
    public static bool IsDotSegment(ReadOnlySpan<byte> text) => text.SequenceEqual("."u8) || text.SequenceEqual(".."u8);

    private static int Characters(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
        {
            count += (b & 0xC0) == 0x80 ? 0 : 1;
        }

        return count;
    }
}

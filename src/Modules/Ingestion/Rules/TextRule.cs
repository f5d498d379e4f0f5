using Bxb.Primitives.Json;

namespace Bxb.Ingestion.Rules;

/// <summary>The rule of transaction_id, external_customer_id and code: 1 to 255 characters, no NUL. A character is a Unicode code point; case and normal form are kept.</summary>
internal static class TextRule
{
    public const int MaxCharacters = 255;

    /// <summary>Checks a text of valid UTF-8.</summary>
    /// <returns>The fault as a predicate; null if the text is valid.</returns>
    public static string? Fault(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return "must not be empty";
        }

        // A text has at least as many bytes as characters, so nearly every text passes here.
        if (text.Length > MaxCharacters)
        {
            var characters = JsonText.CountCharacters(text);
            if (characters > MaxCharacters)
            {
                return $"must have at most {MaxCharacters} characters, and has {characters}";
            }
        }

        return text.Contains((byte)0) ? "must not contain the character NUL" : null;
    }

    /// <summary>Whether the text is <c>.</c> or <c>..</c>. Clients and servers remove such a segment from a path, so no URL can contain it.</summary>
    public static bool IsDotSegment(ReadOnlySpan<byte> text) => text.SequenceEqual("."u8) || text.SequenceEqual(".."u8);
}

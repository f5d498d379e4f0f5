using System.Text;

namespace Bxb.Riders.Failures;

/// <summary>Formats failures as text that PostgreSQL can store.</summary>
internal static class FaultText
{
    private const int LineLength = 500;
    private const int WholeLength = 16_000;

    /// <summary>Type and message in one line, without the stack: for a status or a list.</summary>
    public static string Line(Exception exception) => Storable($"{exception.GetType().Name}: {exception.Message}".ReplaceLineEndings(" "), LineLength);

    /// <summary>The whole failure with its stack: for an operator.</summary>
    public static string Whole(Exception exception) => Storable(exception.ToString(), WholeLength);

    /// <summary>Shortens a text and replaces what a text column refuses: NUL, and halves of surrogate pairs.</summary>
    public static string Storable(string text, int length)
    {
        var storable = new StringBuilder(Math.Min(text.Length, length));
        foreach (var rune in text.EnumerateRunes())
        {
            if (storable.Length + rune.Utf16SequenceLength > length)
            {
                break;
            }

            storable.Append(rune.Value == 0 ? "\uFFFD" : rune.ToString());
        }

        return storable.ToString();
    }
}

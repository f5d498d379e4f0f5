using System.Text;

namespace Bxb.Riders.Failures;

/// <summary>Failures as text that PostgreSQL can hold.</summary>
internal static class FaultText
{
    private const int LineLength = 500;
    private const int WholeLength = 16_000;

    /// <summary>Type and message in one line, without stack: for a status and a list.</summary>
    public static string Line(Exception exception) => Storable($"{exception.GetType().Name}: {exception.Message}".ReplaceLineEndings(" "), LineLength);

    /// <summary>Everything, with stack: for an operator.</summary>
    public static string Whole(Exception exception) => Storable(exception.ToString(), WholeLength);

    /// <summary>Cuts a text and replaces what a text column refuses: NUL, and halves of surrogate pairs.</summary>
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

using FluentValidation;

namespace Bxb.Management;

/// <summary>Rules for texts. Lengths are in characters (Unicode code points), as in PostgreSQL.</summary>
internal static class TextRules
{
    /// <summary>Null, or <paramref name="min"/> to <paramref name="max"/> characters without NUL.</summary>
    public static IRuleBuilderOptions<T, string?> Characters<T>(this IRuleBuilder<T, string?> rule, int min, int max)
        => rule.Must(text => text is null || IsText(text, min, max)).WithMessage($"must have {min} to {max} characters and no NUL");

    /// <summary>Not null.</summary>
    public static IRuleBuilderOptions<T, TProperty> Required<T, TProperty>(this IRuleBuilder<T, TProperty> rule) => rule.NotNull().WithMessage("is required");

    public static bool IsText(string text, int min, int max)
    {
        // A character has at most two UTF-16 units, so a far longer text need not be counted.
        if (text.Length > max * 2 || text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        var characters = text.EnumerateRunes().Count();
        return characters >= min && characters <= max;
    }
}

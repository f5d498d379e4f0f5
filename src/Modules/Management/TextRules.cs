using FluentValidation;

namespace Bxb.Management;

/// <summary>Rules for texts. Lengths count characters (Unicode code points), as PostgreSQL does.</summary>
internal static class TextRules
{
    /// <summary>Absent is allowed; what is there has <paramref name="min"/> to <paramref name="max"/> characters and no NUL.</summary>
    public static IRuleBuilderOptions<T, string?> Characters<T>(this IRuleBuilder<T, string?> rule, int min, int max)
        => rule.Must(text => text is null || IsText(text, min, max)).WithMessage($"must have {min} to {max} characters and no NUL");

    /// <summary>Must be there. Later rules of the chain see a text.</summary>
    public static IRuleBuilderOptions<T, TProperty> Required<T, TProperty>(this IRuleBuilder<T, TProperty> rule) => rule.NotNull().WithMessage("is required");

    public static bool IsText(string text, int min, int max)
    {
        // A character is at most two UTF-16 units, so a text that is far too long is not counted.
        if (text.Length > max * 2 || text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        var characters = text.EnumerateRunes().Count();
        return characters >= min && characters <= max;
    }
}

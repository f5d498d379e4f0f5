using System.ComponentModel.DataAnnotations;

namespace Bxb.Modularity.Authorization;

/// <summary>The form of keys and tokens: what fits into the header <c>Authorization</c> and passes every proxy unchanged.</summary>
public static class KeyFormat
{
    /// <summary>The whole text must match.</summary>
    public const string Pattern = "^[!-~]{16,512}$";

    /// <summary>What a key must look like, for error texts.</summary>
    public const string Rule = "must be 16 to 512 visible ASCII characters, without a space.";
}

/// <summary>The admin token of this host, a key of the section <c>Bxb</c> itself.</summary>
public sealed class AdminOptions
{
    /// <summary>Opens the calls under <c>/v1/organizations</c>; without a token they answer 401. Default: none. 16 to 512 visible ASCII characters. A secret: never printed.</summary>
    [RegularExpression(KeyFormat.Pattern, ErrorMessage = KeyFormat.Rule)]
    public string? AdminToken { get; set; }
}

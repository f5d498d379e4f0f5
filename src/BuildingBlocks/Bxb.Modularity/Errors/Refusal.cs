namespace Bxb.Modularity.Errors;

/// <summary>Why a request is refused, as a value: bodies are refused without the cost of an exception. <see cref="ApiException"/> carries the same where cost does not matter.</summary>
/// <param name="Code">The stable code and status.</param>
/// <param name="Detail">One sentence about this occurrence.</param>
/// <param name="Faults">The faults of the body, where they can be listed.</param>
public sealed record Refusal(ErrorCode Code, string Detail, IReadOnlyList<ApiFault>? Faults = null)
{
    /// <summary>429: the host holds as many bytes as it may.</summary>
    public static readonly Refusal AtLimit = new(ErrorCode.TooManyRequests, "The host takes in as many bytes as it may at once; send the same request again.");

    /// <summary>The connection ended in the middle of the body; no answer can arrive.</summary>
    public static readonly Refusal CallerGone = new(ErrorCode.InvalidJson, "The body broke off.");

    /// <summary>413: the body is over the limit.</summary>
    /// <param name="limit">Bytes.</param>
    /// <param name="what">The subject of the sentence.</param>
    public static Refusal TooLarge(long limit, string what = "The body") => new(ErrorCode.PayloadTooLarge, $"{what} is larger than {limit} bytes.");

    /// <summary>The same as an exception.</summary>
    public ApiException ToException() => new(Code, Detail, Faults);
}

namespace Bxb.Modularity.Errors;

/// <summary>The refusal of a request, as a value, because an exception is too expensive for the hot path. <see cref="ApiException"/> has the same content.</summary>
/// <param name="Code">The stable code and status.</param>
/// <param name="Detail">One sentence about this occurrence.</param>
/// <param name="Faults">The faults of the body, where they can be listed.</param>
public sealed record Refusal(ErrorCode Code, string Detail, IReadOnlyList<ApiFault>? Faults = null)
{
    /// <summary>429: the host is at its limit of bytes.</summary>
    public static readonly Refusal AtLimit = new(ErrorCode.TooManyRequests, "The host is at its limit of bytes. Send the same request again.");

    /// <summary>The connection ended within the body; there is no answer.</summary>
    public static readonly Refusal CallerGone = new(ErrorCode.InvalidJson, "The body broke off.");

    /// <summary>413: the body exceeds the limit.</summary>
    /// <param name="limit">Bytes.</param>
    /// <param name="what">The subject of the sentence.</param>
    public static Refusal TooLarge(long limit, string what = "The body") => new(ErrorCode.PayloadTooLarge, $"{what} is larger than {limit} bytes.");

    /// <summary>The refusal as an exception.</summary>
    public ApiException ToException() => new(Code, Detail, Faults);
}

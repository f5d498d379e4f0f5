using Bxb.Modularity.Errors;

namespace Bxb.Ingestion.Readers;

/// <summary>Why a request is not taken in. Handed back rather than thrown: hostile callers shall not cost more than honest ones.</summary>
/// <param name="Code">The stable code and status.</param>
/// <param name="Detail">One sentence about this occurrence.</param>
/// <param name="Faults">The faults of the body, if they can be told apart.</param>
internal sealed record Refusal(ErrorCode Code, string Detail, IReadOnlyList<ApiFault>? Faults = null)
{
    /// <summary>The host holds as much as it may.</summary>
    public static readonly Refusal AtLimit = new(ErrorCode.TooManyRequests, "The host takes in as many bytes as it may at once; send the same request again.");

    /// <summary>The caller went away in the middle of its body; there is nobody to answer.</summary>
    public static readonly Refusal CallerGone = new(ErrorCode.InvalidJson, "The body broke off.");

    /// <summary>The body is over the limit.</summary>
    public static Refusal TooLarge(long limit, string what = "The body") => new(ErrorCode.PayloadTooLarge, $"{what} is larger than {limit} bytes.");
}

using Bxb.Modularity.Errors;
using Bxb.Riders.Replays;

namespace Bxb.Operations.Replay;

/// <summary>Translates refused replays into answers.</summary>
internal static class ReplayRefusals
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The answer to a refused replay.</summary>
    /// <param name="refused">The refusal.</param>
    /// <param name="body">The request's body, whose members the faults name; null for a call without one.</param>
    public static ApiException Translate(ReplayRefusedException refused, ReplayBody? body) => refused.Refusal switch
    {
        ReplayRefusal.AlreadyRunning => new ApiException(ErrorCode.ReplayRunning, refused.Message),
        ReplayRefusal.TooLate => new ApiException(ErrorCode.TooLate, refused.Message),
        ReplayRefusal.Unavailable => new ApiException(ErrorCode.Unavailable, refused.Message, retryAfter: RetryAfter),
        ReplayRefusal.BeyondHead => new ApiException(ErrorCode.PositionBeyondHead, refused.Message, Faults(refused, body)),
        _ => new ApiException(ErrorCode.ValidationFailed, refused.Message, Faults(refused, body)),
    };

    private static IReadOnlyList<ApiFault> Faults(ReplayRefusedException refused, ReplayBody? body)
        => body is null ? [] : [new ApiFault(body.PointerOf(refused.Member), refused.Message)];
}

namespace Bxb.Riders.Replays;

/// <summary>The reason why a replay is refused.</summary>
public enum ReplayRefusal
{
    /// <summary>The request is not possible, now or later.</summary>
    Invalid,

    /// <summary>A position is above the log's head.</summary>
    BeyondHead,

    /// <summary>Another replay of the group is in progress.</summary>
    AlreadyRunning,

    /// <summary>The replay can no longer be cancelled.</summary>
    TooLate,

    /// <summary>The brokers do not answer.</summary>
    Unavailable,
}

/// <summary>A replay is refused; nothing was changed. The message is shown to the user.</summary>
public sealed class ReplayRefusedException : Exception
{
    internal ReplayRefusedException(ReplayRefusal refusal, string message, string member = "", Exception? inner = null)
        : base(message, inner) => (Refusal, Member) = (refusal, member);

    /// <summary>The reason.</summary>
    public ReplayRefusal Refusal { get; }

    /// <summary>The member of the request at fault, such as <c>From</c>; empty when there is none.</summary>
    public string Member { get; }
}

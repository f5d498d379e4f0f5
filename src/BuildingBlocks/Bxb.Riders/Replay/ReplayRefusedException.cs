namespace Bxb.Riders.Replay;

/// <summary>Why a replay is refused.</summary>
public enum ReplayRefusal
{
    /// <summary>What is asked for cannot be done, now or later.</summary>
    Invalid,

    /// <summary>A position lies beyond the log's head.</summary>
    BeyondHead,

    /// <summary>Another replay of the group is under way.</summary>
    AlreadyRunning,

    /// <summary>It is too late to cancel it.</summary>
    TooLate,

    /// <summary>The brokers that have to be asked do not answer.</summary>
    Unavailable,
}

/// <summary>A replay is refused; nothing was changed. The message is for people.</summary>
public sealed class ReplayRefusedException : Exception
{
    internal ReplayRefusedException(ReplayRefusal refusal, string message, string member = "", Exception? inner = null)
        : base(message, inner) => (Refusal, Member) = (refusal, member);

    /// <summary>Why.</summary>
    public ReplayRefusal Refusal { get; }

    /// <summary>The member of the request that it lies in, such as <c>From</c>; empty when in none.</summary>
    public string Member { get; }
}

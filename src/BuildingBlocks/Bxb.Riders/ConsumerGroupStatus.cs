namespace Bxb.Riders;

/// <summary>What a consumer group is doing.</summary>
public enum ConsumerGroupState
{
    /// <summary>Has records to process and processes them.</summary>
    Running,

    /// <summary>Has processed everything that is settled.</summary>
    Idle,

    /// <summary>Its last try failed, or what it needs is away; it tries again by itself.</summary>
    Retrying,

    /// <summary>No host reads it.</summary>
    Stopped,
}

/// <summary>How far a consumer group is.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Position">The progress: everything up to this position is processed, or among the dead letters.</param>
/// <param name="LagEvents">Positions between progress and the settled head. An upper bound of the records still to come: positions have gaps.</param>
/// <param name="LagSeconds">Age of the oldest record that is not processed, seconds; 0 when there is none.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Error">Why it retries, one line; null when nothing is wrong.</param>
/// <param name="Owner">The host that reads it, or read it last; null when none ever did.</param>
public sealed record ConsumerGroupStatus(string Group, long Position, long LagEvents, double LagSeconds, ConsumerGroupState State, string? Error, string? Owner);

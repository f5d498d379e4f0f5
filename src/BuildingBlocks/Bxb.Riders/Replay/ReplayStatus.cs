namespace Bxb.Riders.Replay;

/// <summary>Where a replay delivers to.</summary>
public enum ReplayTarget
{
    /// <summary>To the group's consumer itself, which waits with what is new until it has come to its end.</summary>
    Live,

    /// <summary>Into a second copy of its store, which takes the live one's place in the end.</summary>
    Shadow,
}

/// <summary>Where the records of a replay are read.</summary>
public enum ReplaySource
{
    /// <summary>In the topic while it holds what is asked for, else in the event log.</summary>
    Auto,

    /// <summary>In the event log.</summary>
    Log,

    /// <summary>In the topic.</summary>
    Kafka,
}

/// <summary>What a replay is doing.</summary>
public enum ReplayState
{
    /// <summary>Records are delivered, or wait for their turn.</summary>
    Running,

    /// <summary>The copy is compared with the log.</summary>
    Verifying,

    /// <summary>The copy takes the live store's place.</summary>
    Swapping,

    /// <summary>Came to its end.</summary>
    Done,

    /// <summary>Was cancelled; the group is where it was.</summary>
    Cancelled,

    /// <summary>Could not come to its end; the group is where it was.</summary>
    Failed,
}

/// <summary>One end of a replay. One member is given.</summary>
/// <param name="Position">A position of the log, itself included.</param>
/// <param name="Time">As a start: what the log took in at this time or later. As an end: what it took in before.</param>
/// <param name="Offsets">Offsets of a topic by partition: as a start, themselves included; as an end, themselves not. Other partitions are left alone.</param>
public sealed record ReplayBound(long? Position = null, DateTimeOffset? Time = null, IReadOnlyDictionary<int, long>? Offsets = null);

/// <summary>What is to be delivered again.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends; null for what the group has processed when it is asked, and never beyond that.</param>
/// <param name="Target">Where to.</param>
/// <param name="Source">Where it is read.</param>
public sealed record ReplayRequest(ReplayBound From, ReplayBound? To = null, ReplayTarget Target = ReplayTarget.Live, ReplaySource Source = ReplaySource.Auto);

/// <summary>A replay and how far it is.</summary>
/// <param name="Id">Its number; newer ones are higher.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Target">Where it delivers to.</param>
/// <param name="State">What it is doing.</param>
/// <param name="IsEnding">Whether it is to end early; it does when the batch in hand is through.</param>
/// <param name="Source">Where it is read: the log or the topic.</param>
/// <param name="Note">Why there, where that is not plain.</param>
/// <param name="From">The first position that is delivered again.</param>
/// <param name="To">The last one. That of a copy grows with the log until it is compared.</param>
/// <param name="Position">Everything from <paramref name="From"/> up to here was delivered again.</param>
/// <param name="Events">Records delivered so far.</param>
/// <param name="EventsEstimate">About how many there are: positions, which have gaps, so rather too many. Those delivered, once it is done.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended; null while it runs.</param>
/// <param name="Error">Why it failed, or does not get on; null when nothing is wrong.</param>
public sealed record ReplayStatus(
    long Id, string Group, ReplayTarget Target, ReplayState State, bool IsEnding, ReplaySource Source, string? Note, long From, long To, long Position, long Events, long EventsEstimate,
    DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string? Error)
{
    /// <summary>Whether it has ended, whichever way.</summary>
    public bool IsOver => State is ReplayState.Done or ReplayState.Cancelled or ReplayState.Failed;
}

namespace Bxb.Riders.Replays;

/// <summary>The target of a replay.</summary>
public enum ReplayTarget
{
    /// <summary>The group's consumer itself; new records wait until the replay has ended.</summary>
    Live,

    /// <summary>A copy of the group's store, which replaces the live store at the end.</summary>
    Shadow,
}

/// <summary>The source of a replay's records.</summary>
public enum ReplaySource
{
    /// <summary>The topic if it holds the requested records, otherwise the event log.</summary>
    Auto,

    /// <summary>The event log.</summary>
    Log,

    /// <summary>The topic.</summary>
    Kafka,
}

/// <summary>The state of a replay.</summary>
public enum ReplayState
{
    /// <summary>Records are delivered, or the replay has not begun.</summary>
    Running,

    /// <summary>The copy is compared with the log.</summary>
    Verifying,

    /// <summary>The copy replaces the live store.</summary>
    Swapping,

    /// <summary>Completed.</summary>
    Done,

    /// <summary>Cancelled; the group continues where it was.</summary>
    Cancelled,

    /// <summary>Failed; the group continues where it was.</summary>
    Failed,
}

/// <summary>The start or the end of a replay. Exactly one member is set.</summary>
/// <param name="Position">A position of the log, inclusive.</param>
/// <param name="Time">As a start: events ingested at this time or later. As an end: events ingested before it.</param>
/// <param name="Offsets">Offsets of a topic by partition: inclusive as a start, exclusive as an end. Other partitions are not replayed.</param>
public sealed record ReplayBound(long? Position = null, DateTimeOffset? Time = null, IReadOnlyDictionary<int, long>? Offsets = null);

/// <summary>A request to deliver records again.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends; null for the group's progress at the time of the request, which is also the highest end.</param>
/// <param name="Target">Where the records are delivered.</param>
/// <param name="Source">Where the records are read.</param>
public sealed record ReplayRequest(ReplayBound From, ReplayBound? To = null, ReplayTarget Target = ReplayTarget.Live, ReplaySource Source = ReplaySource.Auto);

/// <summary>A replay and its progress.</summary>
/// <param name="Id">Its number; newer ones are higher.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Target">Where the records are delivered.</param>
/// <param name="State">The state.</param>
/// <param name="IsEnding">Whether it is to end early, after the batch in flight.</param>
/// <param name="Source">Where the records are read: the log or the topic.</param>
/// <param name="Note">Why this source was chosen, if that is not obvious.</param>
/// <param name="From">The first position that is delivered again.</param>
/// <param name="To">The last one. For a copy it grows with the log until the copy is compared.</param>
/// <param name="Position">Everything from <paramref name="From"/> up to this position was delivered again.</param>
/// <param name="Events">Records delivered so far.</param>
/// <param name="EventsEstimate">The estimated number of records: positions, which have gaps, so rather too high. Once done, the number delivered.</param>
/// <param name="StartedAt">When it was requested.</param>
/// <param name="FinishedAt">When it ended; null while it runs.</param>
/// <param name="Error">Why it failed, or the failure that it retries; null when nothing is wrong.</param>
public sealed record ReplayStatus(
    long Id, string Group, ReplayTarget Target, ReplayState State, bool IsEnding, ReplaySource Source, string? Note, long From, long To, long Position, long Events, long EventsEstimate,
    DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string? Error)
{
    /// <summary>Whether it has ended, with or without success.</summary>
    public bool IsOver => State is ReplayState.Done or ReplayState.Cancelled or ReplayState.Failed;
}

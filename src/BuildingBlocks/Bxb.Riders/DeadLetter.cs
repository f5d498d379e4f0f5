namespace Bxb.Riders;

/// <summary>What is to become of a dead letter.</summary>
public enum DeadLetterState
{
    /// <summary>Waits for somebody's decision.</summary>
    Pending,

    /// <summary>Will be delivered to its group again.</summary>
    Requeued,

    /// <summary>Somebody decided that the group does without it.</summary>
    Discarded,
}

/// <summary>A record that a consumer group could not process, or that was too large for the topic.</summary>
/// <param name="Id">Its number; newer ones are higher.</param>
/// <param name="Group">The group that failed; <see cref="RelayGroup"/> for an event that was too large for the topic.</param>
/// <param name="Position">The record's place in the log; 0 for a record of a topic that could not be read at all, and is no event that anyone knows.</param>
/// <param name="Topic">The Kafka topic that it was read from, or was too large for; null when it was read from the log.</param>
/// <param name="Partition">The partition that it was read from; 0 for the log itself.</param>
/// <param name="Offset">Its offset there; null when it was read from the log.</param>
/// <param name="OrganizationId">The organization that the record belongs to.</param>
/// <param name="Code">The event's type.</param>
/// <param name="Record">The whole event as JSON, UTF-8.</param>
/// <param name="Reason">The failure in one line.</param>
/// <param name="Exception">The failure with its stack, for operators; never for an organization's eyes.</param>
/// <param name="Attempts">How often the record went to the dead letters.</param>
/// <param name="CreatedAt">When it first did.</param>
/// <param name="State">What is to become of it.</param>
/// <param name="Note">What was given as the reason of a discard.</param>
public sealed record DeadLetter(
    long Id, string Group, long Position, string? Topic, int Partition, long? Offset, int OrganizationId, string Code, ReadOnlyMemory<byte> Record, string Reason, string Exception, int Attempts,
    DateTimeOffset CreatedAt, DeadLetterState State, string? Note)
{
    /// <summary>The name under which the relay keeps events whose records are too large for the topic. No consumer group may have it.</summary>
    public const string RelayGroup = "relay";
}

/// <summary>Which dead letters to list; what is null does not filter.</summary>
/// <param name="Group">Of this group.</param>
/// <param name="Code">Of events of this type.</param>
/// <param name="Since">First failed at or after this.</param>
/// <param name="OrganizationId">Of this organization.</param>
/// <param name="BeforeId">With a lower number: the last one of the page before.</param>
/// <param name="Limit">At most so many, 1 to 1,000.</param>
public sealed record DeadLetterFilter(
    string? Group = null, string? Code = null, DateTimeOffset? Since = null, int? OrganizationId = null, long? BeforeId = null, int Limit = 50);

/// <summary>Which dead letters of a group to deliver again; what is null does not filter.</summary>
/// <param name="Group">Of this group.</param>
/// <param name="Code">Of events of this type.</param>
/// <param name="Since">First failed at or after this.</param>
/// <param name="Ids">These, discarded ones too; at most 1,000. Without numbers, those only that wait for a decision.</param>
/// <param name="OrganizationId">Of this organization.</param>
public sealed record DeadLetterSelection(string Group, string? Code = null, DateTimeOffset? Since = null, IReadOnlyList<long>? Ids = null, int? OrganizationId = null);

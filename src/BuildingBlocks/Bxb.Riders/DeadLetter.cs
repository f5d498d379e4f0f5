namespace Bxb.Riders;

/// <summary>The state of a dead letter.</summary>
public enum DeadLetterState
{
    /// <summary>Waits for a decision.</summary>
    Pending,

    /// <summary>Will be delivered to its group again.</summary>
    Requeued,

    /// <summary>Given up: the group goes on without it.</summary>
    Discarded,
}

/// <summary>A record that a consumer group could not process, or that was too large for the topic.</summary>
/// <param name="Id">Its number; newer ones are higher.</param>
/// <param name="Group">The group that failed; <see cref="RelayGroup"/> for an event that was too large for the topic.</param>
/// <param name="Position">The record's position in the log; 0 for a record of a topic that could not be read, so that its position is not known.</param>
/// <param name="Topic">The Kafka topic that the record was read from, or was too large for; null when it was read from the log.</param>
/// <param name="Partition">The partition; 0 for the log itself.</param>
/// <param name="Offset">The record's offset in the partition; null when it was read from the log.</param>
/// <param name="OrganizationId">The record's organization.</param>
/// <param name="Code">The event's type.</param>
/// <param name="Record">The whole event as JSON, UTF-8.</param>
/// <param name="Reason">The failure in one line.</param>
/// <param name="Exception">The failure with its stack, for operators; never shown to an organization.</param>
/// <param name="Attempts">How often the record became a dead letter.</param>
/// <param name="CreatedAt">When it first became one.</param>
/// <param name="State">The state.</param>
/// <param name="Note">The reason of a discard.</param>
public sealed record DeadLetter(
    long Id, string Group, long Position, string? Topic, int Partition, long? Offset, int OrganizationId, string Code, ReadOnlyMemory<byte> Record, string Reason, string Exception, int Attempts,
    DateTimeOffset CreatedAt, DeadLetterState State, string? Note)
{
    /// <summary>The name under which the relay keeps events whose records are too large for the topic. No consumer group may have this name.</summary>
    public const string RelayGroup = "relay";
}

/// <summary>Selects dead letters to list. A null member does not filter.</summary>
/// <param name="Group">Of this group.</param>
/// <param name="Code">Of events of this type.</param>
/// <param name="Since">First failed at or after this.</param>
/// <param name="OrganizationId">Of this organization.</param>
/// <param name="BeforeId">With a lower number: the last one of the previous page.</param>
/// <param name="Limit">The most to list, 1 to 1,000.</param>
public sealed record DeadLetterFilter(
    string? Group = null, string? Code = null, DateTimeOffset? Since = null, int? OrganizationId = null, long? BeforeId = null, int Limit = 50);

/// <summary>Selects dead letters of a group to deliver again. A null member does not filter.</summary>
/// <param name="Group">Of this group.</param>
/// <param name="Code">Of events of this type.</param>
/// <param name="Since">First failed at or after this.</param>
/// <param name="Ids">These, discarded ones too; at most 1,000. If null, only pending ones.</param>
/// <param name="OrganizationId">Of this organization.</param>
public sealed record DeadLetterSelection(string Group, string? Code = null, DateTimeOffset? Since = null, IReadOnlyList<long>? Ids = null, int? OrganizationId = null);

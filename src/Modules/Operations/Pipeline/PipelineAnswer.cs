using Bxb.Operations.Contracts;
using Bxb.Operations.Stores;
using Bxb.Riders;
using Bxb.Riders.Transport;

namespace Bxb.Operations.Pipeline;

/// <summary>The state of the pipeline.</summary>
/// <param name="Log">The log.</param>
/// <param name="Transport">The transport from the log to the groups: postgresql or kafka.</param>
/// <param name="Relay">The relay, which writes the log to the topic; only with Kafka.</param>
/// <param name="Groups">The consumer groups, ordered by name.</param>
/// <param name="Replays">The running replays.</param>
/// <param name="Stores">The stores by name.</param>
/// <param name="Stale">The names of those of log, relay, groups and replays that were not known in time. They have their last known values, or none. Absent when all are current.</param>
/// <param name="AsOf">Time of the oldest value among stale relay, groups and replays; absent when none of them is stale, or one was never known.</param>
internal sealed record PipelineAnswer(
    LogState Log, string Transport, RelayAnswer? Relay, IReadOnlyList<GroupState> Groups, IReadOnlyList<ReplayAnswer> Replays, IReadOnlyDictionary<string, StoreState> Stores,
    IReadOnlyList<string>? Stale, DateTimeOffset? AsOf);

/// <summary>The positions of the log.</summary>
/// <param name="Head">The last assigned position.</param>
/// <param name="Settled">The settled position: the log up to here can no longer change. Readers go no further.</param>
/// <param name="HeldBackBy">The open transaction that the settled position has been waiting for at least a second; absent when there is none.</param>
internal sealed record LogState(long Head, long Settled, HeldBackBy? HeldBackBy);

/// <summary>An open transaction with a transaction id, in any database of the log's server.</summary>
/// <param name="Database">The database of its session.</param>
/// <param name="Pid">The server process of its session; absent for a prepared transaction.</param>
/// <param name="State">The session's state in PostgreSQL, such as idle in transaction; unknown without the right to see it; prepared transaction and its name for one of those.</param>
/// <param name="Since">Begin of the transaction; without the right to see that, the time when this host saw it first.</param>
internal sealed record HeldBackBy(string? Database, int? Pid, string State, DateTimeOffset? Since);

/// <summary>The relay, which writes the log to the topic.</summary>
/// <param name="Position">Everything up to this position is in the topic.</param>
/// <param name="LagEvents">Number of positions after it; an upper bound of the events, because positions have gaps.</param>
/// <param name="LagSeconds">Age of the oldest event that is not in the topic; absent when not known in time.</param>
/// <param name="State">The current state.</param>
/// <param name="Owner">The current or last host that runs the relay.</param>
/// <param name="Error">The reason for making no progress.</param>
internal sealed record RelayAnswer(long Position, long LagEvents, double? LagSeconds, RelayState State, string? Owner, string? Error);

/// <summary>A consumer group.</summary>
/// <param name="Group">The group's name.</param>
/// <param name="Position">Processed up to this position, even while a replay redelivers older records.</param>
/// <param name="LagEvents">Number of events to process; an upper bound where only positions are known.</param>
/// <param name="LagSeconds">Age of the oldest of them; absent when not known in time.</param>
/// <param name="State">The current state.</param>
/// <param name="Error">The reason for making no progress.</param>
/// <param name="Partitions">The group's partitions; only with Kafka.</param>
internal sealed record GroupState(
    string Group, long Position, long LagEvents, double? LagSeconds, ConsumerGroupState State, string? Error, IReadOnlyList<PartitionState>? Partitions);

/// <summary>A partition of a group.</summary>
/// <param name="Partition">The partition's number.</param>
/// <param name="Position">Processed up to this position.</param>
/// <param name="Offset">The offset of the next record; absent when unknown.</param>
/// <param name="LagEvents">Number of records to process.</param>
/// <param name="LagSeconds">Upper bound of the age of the oldest of them; absent when not known in time.</param>
/// <param name="Owner">The current or last host that reads the partition.</param>
/// <param name="Error">The reason for making no progress.</param>
internal sealed record PartitionState(int Partition, long Position, long? Offset, long LagEvents, double? LagSeconds, string Owner, string? Error);

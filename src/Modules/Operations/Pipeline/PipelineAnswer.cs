using Bxb.Operations.Contracts;
using Bxb.Operations.Stores;
using Bxb.Riders;
using Bxb.Riders.Transport;

namespace Bxb.Operations.Pipeline;

/// <summary>The pipeline as the API shows it.</summary>
/// <param name="Log">The log.</param>
/// <param name="Transport">How the log reaches the groups: postgresql or kafka.</param>
/// <param name="Relay">The relay, which writes the log to the topic; only with Kafka.</param>
/// <param name="Groups">The consumer groups, by name.</param>
/// <param name="Replays">The replays that run.</param>
/// <param name="Stores">Whether each store answers.</param>
/// <param name="Stale">Which of log, relay, groups and replays were not known in time and are as last known, or empty when they never were known; absent when everything is current.</param>
/// <param name="AsOf">The time of the oldest value of relay, groups and replays that is stale; absent when none is, or one was never known.</param>
internal sealed record PipelineAnswer(
    LogState Log, string Transport, RelayAnswer? Relay, IReadOnlyList<GroupState> Groups, IReadOnlyList<ReplayAnswer> Replays, IReadOnlyDictionary<string, StoreState> Stores,
    IReadOnlyList<string>? Stale, DateTimeOffset? AsOf);

/// <summary>The last position of the log, and the settled one.</summary>
/// <param name="Head">The last position taken.</param>
/// <param name="Settled">No event can still appear up to this position. Readers go no further.</param>
/// <param name="HeldBackBy">The open transaction for which the settled position has waited for a second or longer; absent while it waits for none.</param>
internal sealed record LogState(long Head, long Settled, HeldBackBy? HeldBackBy);

/// <summary>An open transaction that has a transaction id, in any database of the log's server.</summary>
/// <param name="Database">The database of its session.</param>
/// <param name="Pid">The server process of its session; absent for a prepared transaction.</param>
/// <param name="State">The session's state as PostgreSQL shows it, such as idle in transaction; unknown without the right to see it; for a prepared transaction these words and its name.</param>
/// <param name="Since">When the transaction began; without the right to see that, when this host saw it first.</param>
internal sealed record HeldBackBy(string? Database, int? Pid, string State, DateTimeOffset? Since);

/// <summary>The relay, which writes the log to the topic.</summary>
/// <param name="Position">Everything up to this position is in the topic.</param>
/// <param name="LagEvents">Positions beyond it. They have gaps, so this is an upper bound of the events.</param>
/// <param name="LagSeconds">Age of the oldest event that is not in the topic; absent when it is not known in time.</param>
/// <param name="State">The current state.</param>
/// <param name="Owner">The host that runs it, or the last one that did.</param>
/// <param name="Error">Why it makes no progress.</param>
internal sealed record RelayAnswer(long Position, long LagEvents, double? LagSeconds, RelayState State, string? Owner, string? Error);

/// <summary>One consumer group.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Position">Processed up to this position, even while a replay redelivers older records.</param>
/// <param name="LagEvents">Events that are not processed yet; an upper bound where only positions are known.</param>
/// <param name="LagSeconds">Age of the oldest of them; absent when it is not known in time.</param>
/// <param name="State">The current state.</param>
/// <param name="Error">Why it makes no progress.</param>
/// <param name="Partitions">Its partitions; only with Kafka.</param>
internal sealed record GroupState(
    string Group, long Position, long LagEvents, double? LagSeconds, ConsumerGroupState State, string? Error, IReadOnlyList<PartitionState>? Partitions);

/// <summary>One partition of a group.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Position">Processed up to this position.</param>
/// <param name="Offset">The offset of the next record, when it is known.</param>
/// <param name="LagEvents">Records that are not processed yet.</param>
/// <param name="LagSeconds">Upper bound of the age of the oldest of them; absent when it is not known in time.</param>
/// <param name="Owner">The host that reads it, or the last one that did.</param>
/// <param name="Error">Why it makes no progress.</param>
internal sealed record PartitionState(int Partition, long Position, long? Offset, long LagEvents, double? LagSeconds, string Owner, string? Error);

using Bxb.Operations.Contracts;
using Bxb.Operations.Stores;
using Bxb.Riders;
using Bxb.Riders.Transport;

namespace Bxb.Operations.Pipeline;

/// <summary>The pipeline as the API shows it.</summary>
/// <param name="Log">The log.</param>
/// <param name="Transport">How the log reaches the groups: postgresql or kafka.</param>
/// <param name="Relay">What carries the log to the topic; only with Kafka.</param>
/// <param name="Groups">The consumer groups, by name.</param>
/// <param name="Replays">The replays that are under way.</param>
/// <param name="Stores">Whether each store answers.</param>
/// <param name="Stale">Which of log, relay, groups and replays were not known in time and are as last known, or empty when they never were known; absent when everything is current.</param>
/// <param name="AsOf">The time of the oldest value of relay, groups and replays that is stale; absent when none is, or one was never known.</param>
internal sealed record PipelineAnswer(
    LogState Log, string Transport, RelayAnswer? Relay, IReadOnlyList<GroupState> Groups, IReadOnlyList<ReplayAnswer> Replays, IReadOnlyDictionary<string, StoreState> Stores,
    IReadOnlyList<string>? Stale, DateTimeOffset? AsOf);

/// <summary>The log's last position, and the position below which nothing can still appear.</summary>
/// <param name="Head">The last position taken.</param>
/// <param name="Settled">The position below which nothing can still appear: readers go no further.</param>
/// <param name="HeldBackBy">The open transaction for which the settled position has waited for a second or longer; absent while it waits for none.</param>
internal sealed record LogState(long Head, long Settled, HeldBackBy? HeldBackBy);

/// <summary>An open transaction that has a transaction id, in any database of the log's server.</summary>
/// <param name="Database">The database of its session.</param>
/// <param name="Pid">The server process of its session; absent for a prepared transaction.</param>
/// <param name="State">The session's state as PostgreSQL shows it, such as idle in transaction; unknown without the right to see it; for a prepared transaction these words and its name.</param>
/// <param name="Since">When the transaction began; without the right to see that, when this host saw it first.</param>
internal sealed record HeldBackBy(string? Database, int? Pid, string State, DateTimeOffset? Since);

/// <summary>What carries the log to the topic.</summary>
/// <param name="Position">Everything up to here is in the topic.</param>
/// <param name="LagEvents">Positions beyond it; they have gaps, so at most so many events.</param>
/// <param name="LagSeconds">Age of the oldest event that is not in the topic; absent when the log does not say in time.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Owner">The host that runs it, or ran it last.</param>
/// <param name="Error">Why it does not get on.</param>
internal sealed record RelayAnswer(long Position, long LagEvents, double? LagSeconds, RelayState State, string? Owner, string? Error);

/// <summary>One consumer group.</summary>
/// <param name="Group">Its name.</param>
/// <param name="Position">Everything up to here is processed; a replay that is under way changes nothing of that.</param>
/// <param name="LagEvents">Events still to come; an upper bound where only positions are known.</param>
/// <param name="LagSeconds">Age of the oldest of them; absent when the log does not say in time.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Error">Why it does not get on.</param>
/// <param name="Partitions">Its partitions; only with Kafka.</param>
internal sealed record GroupState(
    string Group, long Position, long LagEvents, double? LagSeconds, ConsumerGroupState State, string? Error, IReadOnlyList<PartitionState>? Partitions);

/// <summary>One partition of a group.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Position">Everything of it up to here is processed.</param>
/// <param name="Offset">The offset of what follows, when it is known.</param>
/// <param name="LagEvents">Records of it still to come.</param>
/// <param name="LagSeconds">At most so old is the oldest of them; absent when the log does not say in time.</param>
/// <param name="Owner">The host that reads it, or read it last.</param>
/// <param name="Error">Why it does not get on.</param>
internal sealed record PartitionState(int Partition, long Position, long? Offset, long LagEvents, double? LagSeconds, string Owner, string? Error);

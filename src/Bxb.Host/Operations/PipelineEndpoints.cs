using Bxb.EventLog.Reading;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Bxb.Riders;
using Bxb.Riders.Replay;
using Bxb.Riders.Transport;

namespace Bxb.Host.Operations;

/// <summary><c>GET /v1/pipeline</c>: where the relay and every consumer group stand, what is replayed, and whether the stores answer.</summary>
internal static class PipelineEndpoints
{
    public static void MapPipeline(this IEndpointRouteBuilder endpoints) => endpoints
        .MapGet("/v1/pipeline", AnswerAsync)
        .AllowQuery()
        .RequireScope(ApiScopes.Manage | ApiScopes.Admin)
        .WithName("GetPipeline").WithTags("Operation").WithSummary("Where the relay and every consumer group stand, and whether the stores answer.")
        .Produces<PipelineAnswer>();

    private static async Task<IResult> AnswerAsync(
        IServiceProvider services, SettledPosition settled, ConsumerGroups groups, Replays replays, IEventTransport transport, StoreProbe stores, CancellationToken cancellationToken)
    {
        var position = await settled.RefreshAsync(cancellationToken);
        var relay = services.GetService<IRelay>() is { } carrier ? await carrier.GetStatusAsync(cancellationToken) : null;
        var states = await groups.ListAsync(cancellationToken);
        var running = await replays.ListRunningAsync(cancellationToken);
        return Results.Json(
            new PipelineAnswer(
                new LogState(settled.Head, position),
                transport.Name,
                relay is null ? null : new RelayAnswer(relay.Position, relay.LagEvents, Seconds(relay.LagSeconds), relay.State, relay.Owner, relay.Error),
                [.. states.Select(s => Describe(s, transport.Topic is not null))],
                [.. running.Select(ReplayAnswer.Of)],
                await stores.ProbeAsync(cancellationToken)),
            ApiJson.Options);
    }

    private static GroupState Describe(ConsumerGroupStatus group, bool hasPartitions) => new(
        group.Group, group.Position, group.LagEvents, Seconds(group.LagSeconds), group.State, group.Error,
        hasPartitions
            ? [.. group.Partitions.Select(p => new PartitionState(p.Partition, p.Position, p.Offset < 0 ? null : p.Offset, p.LagEvents, Seconds(p.LagSeconds), p.Owner, p.Error))]
            : null);

    private static double? Seconds(double? exact) => exact is { } seconds ? Math.Round(seconds, 3) : null;
}

/// <summary>The pipeline as the API shows it.</summary>
/// <param name="Log">The log.</param>
/// <param name="Transport">How the log reaches the groups: postgresql or kafka.</param>
/// <param name="Relay">What carries the log to the topic; only with Kafka.</param>
/// <param name="Groups">The consumer groups, by name.</param>
/// <param name="Replays">The replays that are under way.</param>
/// <param name="Stores">Whether each store answers.</param>
internal sealed record PipelineAnswer(
    LogState Log, string Transport, RelayAnswer? Relay, IReadOnlyList<GroupState> Groups, IReadOnlyList<ReplayAnswer> Replays, IReadOnlyDictionary<string, StoreState> Stores);

/// <summary>The log's last position, and the position below which nothing can still appear.</summary>
internal sealed record LogState(long Head, long Settled);

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

/// <summary>One store.</summary>
internal sealed record StoreState(bool Available);

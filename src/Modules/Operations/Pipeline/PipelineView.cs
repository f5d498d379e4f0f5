using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Operations.Contracts;
using Bxb.Operations.Stores;
using Bxb.Riders;
using Bxb.Riders.Replay;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;

namespace Bxb.Operations.Pipeline;

/// <summary>Collects the answer of <c>GET /v1/pipeline</c> within a second, even while a store is away: a part that is not known in time has its last known value. Thread-safe.</summary>
internal sealed class PipelineView
{
    // The first two together stay below a second.
    private static readonly TimeSpan SettlePatience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PartPatience = TimeSpan.FromMilliseconds(650);
    private static readonly TimeSpan PatienceWhileAway = TimeSpan.FromMilliseconds(100);

    private readonly SettledPosition _settled;
    private readonly IEventTransport _transport;
    private readonly StoreProbe _stores;
    private readonly TimeProvider _time;
    private readonly LatestAnswer<RelayStatus>? _relay;
    private readonly LatestAnswer<IReadOnlyList<ConsumerGroupStatus>> _groups;
    private readonly LatestAnswer<IReadOnlyList<ReplayStatus>> _replays;

    public PipelineView(
        SettledPosition settled, ConsumerGroups groups, Replays replays, IEventTransport transport, StoreProbe stores, TimeProvider time, ILogger<PipelineView> logger, IRelay? relay = null)
    {
        (_settled, _transport, _stores, _time) = (settled, transport, stores, time);
        var failures = new OutageLog(logger, "The pipeline is answered with last known values", time);
        _relay = relay is null ? null : new(() => relay.GetStatusAsync(CancellationToken.None), failures, time);
        _groups = new(() => groups.ListAsync(CancellationToken.None), failures, time);
        _replays = new(() => replays.ListRunningAsync(CancellationToken.None), failures, time);
    }

    /// <summary>The current state. <see cref="PipelineAnswer.Stale"/> names parts that were not known in time.</summary>
    public async Task<PipelineAnswer> ReadAsync(CancellationToken cancellationToken)
    {
        var isSettledCurrent = await LookAsync(cancellationToken);
        using var deadline = new CancellationTokenSource(Patience(PartPatience), _time);
        var relay = _relay?.GetAsync(deadline.Token);
        var replays = _replays.GetAsync(deadline.Token);
        var groups = await _groups.GetAsync(deadline.Token);
        var parts = new Parts(relay is null ? null : await relay, groups, await replays);
        var heldBack = _settled.HeldBackBy;
        return new PipelineAnswer(
            new LogState(_settled.Head, _settled.Current, heldBack is null ? null : new HeldBackBy(heldBack.Database, heldBack.ProcessId, heldBack.State, heldBack.Since)),
            _transport.Name,
            parts.Relay?.Value is { } r ? new RelayAnswer(r.Position, r.LagEvents, Seconds(r.LagSeconds), r.State, r.Owner, r.Error) : null,
            [.. (groups.Value ?? []).Select(Describe)],
            [.. (parts.Replays.Value ?? []).Select(ReplayAnswer.Of)],
            _stores.States,
            parts.Stale(isSettledCurrent || heldBack is not null),
            parts.AsOf);
    }

    /// <summary>Refreshes the settled position. False when that fails; true also while an open transaction holds the position back.</summary>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        if (_settled.HeldBackBy is not null)
        {
            return true;
        }

        using var limit = new CancellationTokenSource(Patience(SettlePatience), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _settled.RefreshAsync(either.Token);
            return true;
        }
        catch (Exception failure) when (failure is EventLogException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private TimeSpan Patience(TimeSpan usual) => _stores.IsPostgresAway ? PatienceWhileAway : usual;

    private GroupState Describe(ConsumerGroupStatus group) => new(
        group.Group, group.Position, group.LagEvents, Seconds(group.LagSeconds), group.State, group.Error,
        _transport.Topic is null
            ? null
            : [.. group.Partitions.Select(p => new PartitionState(p.Partition, p.Position, p.Offset < 0 ? null : p.Offset, p.LagEvents, Seconds(p.LagSeconds), p.Owner, p.Error))]);

    private static double? Seconds(double? exact) => exact is { } seconds ? Math.Round(seconds, 3) : null;

    private sealed record Parts(Known<RelayStatus>? Relay, Known<IReadOnlyList<ConsumerGroupStatus>> Groups, Known<IReadOnlyList<ReplayStatus>> Replays)
    {
        /// <summary>Time of the oldest part that is not current; null when all are current, or one was never known.</summary>
        public DateTimeOffset? AsOf
        {
            get
            {
                var old = new[] { (Relay?.IsCurrent ?? true, Relay?.At), (Groups.IsCurrent, Groups.At), (Replays.IsCurrent, Replays.At) }.Where(p => !p.Item1).ToList();
                return old.Exists(p => p.Item2 is null) ? null : old.Min(p => p.Item2);
            }
        }

        public IReadOnlyList<string>? Stale(bool isLogCurrent)
        {
            (string Name, bool IsCurrent)[] parts = [("log", isLogCurrent), ("relay", Relay?.IsCurrent ?? true), ("groups", Groups.IsCurrent), ("replays", Replays.IsCurrent)];
            return parts.All(p => p.IsCurrent) ? null : [.. parts.Where(p => !p.IsCurrent).Select(p => p.Name)];
        }
    }
}

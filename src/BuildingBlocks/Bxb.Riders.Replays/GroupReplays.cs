using Bxb.EventLog;
using Bxb.Riders.Progress;
using Bxb.Riders.Replays.Shadow;

namespace Bxb.Riders.Replays;

/// <summary>Delivers processed records to a consumer group again: in place, or into a copy of its store. Thread-safe.</summary>
/// <remarks>
/// In place, the group itself goes back, because only this keeps the order of records and a single writer to the store. New records wait until the replay has ended, all replayed records are
/// repeats, and the group's reported progress does not change. A request survives restarts; the group's owners see it within seconds.
/// </remarks>
public sealed class GroupReplays
{
    private readonly ReplayTable _table;
    private readonly ReplayPlanner _planner;
    private readonly ConsumerProgress _progress;
    private readonly GroupRegistry _groups;
    private readonly ShadowReplayFactory _copies;
    private readonly ShadowReplayService _shadows;

    internal GroupReplays(
        ReplayTable table, ReplayPlanner planner, ConsumerProgress progress, GroupRegistry groups, ShadowReplayFactory copies, ShadowReplayService shadows) =>
        (_table, _planner, _progress, _groups, _copies, _shadows) = (table, planner, progress, groups, copies, shadows);

    /// <summary>Requests a replay.</summary>
    /// <returns>The replay; null when no such group is registered here or ever had an owner.</returns>
    /// <exception cref="ReplayRefusedException">It is not possible, or another replay of the group is in progress.</exception>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<ReplayStatus?> StartAsync(string group, ReplayRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return EventLogErrors.TranslateAsync(async () =>
        {
            if (await RowsAsync(group, cancellationToken) is not { } rows)
            {
                return null;
            }

            if (request.Target == ReplayTarget.Shadow && _groups.Find(group) is not null && !_copies.CanCopy(group))
            {
                throw new ReplayRefusedException(
                    ReplayRefusal.Invalid, $"The store of consumer group {group} cannot be built a second time beside itself; replay it in place.", nameof(ReplayRequest.Target));
            }

            var plan = await _planner.PlanAsync(request, rows, cancellationToken);
            var id = await _table.InsertAsync(group, plan, cancellationToken)
                ?? throw new ReplayRefusedException(ReplayRefusal.AlreadyRunning, $"A replay of consumer group {group} is under way; wait for its end, or cancel it.");
            Wake(group);
            return await _table.FindAsync(group, id, cancellationToken);
        });
    }

    /// <summary>A group's replays, the newest first, at most 100; null when no such group is registered here or ever had an owner.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<IReadOnlyList<ReplayStatus>?> ListAsync(string group, CancellationToken cancellationToken) =>
        EventLogErrors.TranslateAsync(async () => await RowsAsync(group, cancellationToken) is null ? null : await _table.ListAsync(group, running: false, cancellationToken));

    /// <summary>All replays in progress.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<IReadOnlyList<ReplayStatus>> ListRunningAsync(CancellationToken cancellationToken) =>
        EventLogErrors.TranslateAsync(() => _table.ListAsync(group: null, running: true, cancellationToken));

    /// <summary>One replay; null when the group has none with this number.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<ReplayStatus?> GetAsync(string group, long id, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(() => _table.FindAsync(group, id, cancellationToken));

    /// <summary>Ends a replay early: in place, each partition continues where it was before the replay; a copy is dropped. Records that were delivered again stay delivered.</summary>
    /// <returns>The replay as it is now: it ends after the batch in flight. A replay that has ended is not changed. Null when the group has none with this number.</returns>
    /// <exception cref="ReplayRefusedException">The copy is replacing the live store.</exception>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<ReplayStatus?> CancelAsync(string group, long id, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(async () =>
    {
        var cancelled = await _table.CancelAsync(group, id, cancellationToken);
        var replay = await _table.FindAsync(group, id, cancellationToken);
        if (!cancelled && replay is { State: ReplayState.Swapping })
        {
            throw new ReplayRefusedException(ReplayRefusal.TooLate, "The copy is taking the live store's place; it is too late to cancel.");
        }

        Wake(group);
        return replay;
    });

    private async Task<IReadOnlyList<PartitionRow>?> RowsAsync(string group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var rows = await _progress.ReadAsync(group, cancellationToken);
        return rows.Count > 0 || _groups.Find(group) is not null ? rows : null;
    }

    private void Wake(string group)
    {
        _groups.Find(group)?.Wake();
        _shadows.Wake();
    }
}

using System.Data.Common;
using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Npgsql;

namespace Bxb.Riders;

/// <summary>How far the consumer groups are: all groups, whichever host reads them. Thread-safe.</summary>
public sealed class ConsumerGroups
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly NpgsqlDataSource _database;
    private readonly ConsumerProgress _progress;
    private readonly GroupActivities _groups;
    private readonly IEventTransport _transport;
    private readonly SettledPosition _settled;
    private readonly TimeProvider _time;

    internal ConsumerGroups(
        NpgsqlDataSource database, ConsumerProgress progress, GroupActivities groups, IEventTransport transport, SettledPosition settled, TimeProvider time) =>
        (_database, _progress, _groups, _transport, _settled, _time) = (database, progress, groups, transport, settled, time);

    /// <summary>The status of one group; null when no such group is registered here or ever had an owner.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<ConsumerGroupStatus?> GetAsync(string group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        try
        {
            var local = _groups.Find(group);
            var stored = await _progress.ReadAsync(group, cancellationToken);
            return local is null && stored is null ? null : await DescribeAsync(group, local, stored, cancellationToken);
        }
        catch (DbException exception)
        {
            throw EventLogErrors.Translate(exception);
        }
    }

    /// <summary>The status of every group, by name.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<IReadOnlyList<ConsumerGroupStatus>> ListAsync(CancellationToken cancellationToken)
    {
        var statuses = new List<ConsumerGroupStatus>();
        foreach (var group in await NamesAsync(cancellationToken))
        {
            if (await GetAsync(group, cancellationToken) is { } status)
            {
                statuses.Add(status);
            }
        }

        return statuses;
    }

    /// <summary>
    /// Waits until a group's progress has reached a position. On the host that reads the group it ends with the commit; on others progress is looked up every 50 ms. A failed look-up is tried again
    /// until the time is up.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="position">A position of the log.</param>
    /// <param name="timeout">How long to wait at most; zero looks once.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    /// <returns>Whether the position was reached in time.</returns>
    public async ValueTask<bool> WaitForAsync(string group, long position, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var local = _groups.Find(group);
        if (local is { IsHeld: true } && local.Progress >= position)
        {
            return true;
        }

        var started = _time.GetTimestamp();
        using var expiry = new CancellationTokenSource(timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellationToken);
        while (true)
        {
            if (local is { IsHeld: true } ? local.Progress >= position : await HasStoredAsync(group, position, cancellationToken))
            {
                return true;
            }

            if (timeout <= TimeSpan.Zero || _time.GetElapsedTime(started) >= timeout)
            {
                return false;
            }

            await PauseAsync(local, position, either.Token);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Until the group has got there on this host; or, where another one reads it or may soon, for a moment.</summary>
    private async Task PauseAsync(GroupActivity? local, long position, CancellationToken cancellationToken)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var delay = Task.Delay(local is { IsHeld: true } ? PollInterval * 10 : PollInterval, _time, pause.Token);
        var reached = local is null ? delay : local.ReachedAsync(position, pause.Token);
        await Task.WhenAny(delay, reached);
        await pause.CancelAsync();
        await Task.WhenAll(delay, reached).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> HasStoredAsync(string group, long position, CancellationToken cancellationToken)
    {
        try
        {
            return await _progress.ReadAsync(group, cancellationToken) is { } stored && stored.Progress >= position;
        }
        catch (DbException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken)
    {
        try
        {
            var names = new SortedSet<string>(await _progress.NamesAsync(cancellationToken), StringComparer.Ordinal);
            names.UnionWith(_groups.All.Select(g => g.Group));
            return [.. names];
        }
        catch (DbException exception)
        {
            throw EventLogErrors.Translate(exception);
        }
    }

    private async Task<ConsumerGroupStatus> DescribeAsync(
        string group, GroupActivity? local, (long Progress, string? Owner, string? Error)? stored, CancellationToken cancellationToken)
    {
        var held = local is { IsHeld: true };
        var progress = stored?.Progress ?? 0;
        var lag = Math.Max(0, _settled.Current - progress);
        var error = (local is null ? null : local.Error) ?? (held ? null : stored?.Error);
        var state = error is not null ? ConsumerGroupState.Retrying
            : !held && !await _transport.IsClaimedAsync(group, cancellationToken) ? ConsumerGroupState.Stopped
            : lag > 0 ? ConsumerGroupState.Running
            : ConsumerGroupState.Idle;
        return new ConsumerGroupStatus(group, progress, lag, lag == 0 ? 0 : await AgeAsync(progress, cancellationToken), state, error, stored?.Owner);
    }

    /// <summary>By the database's clock, which also said when the record came in.</summary>
    private async Task<double> AgeAsync(long progress, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            "select extract(epoch from clock_timestamp() - ingested_at)::float8 from event_log.events where position > $1 order by position limit 1");
        command.Parameters.Add(new() { Value = progress });
        return await command.ExecuteScalarAsync(cancellationToken) is double age ? Math.Max(0, age) : 0;
    }
}

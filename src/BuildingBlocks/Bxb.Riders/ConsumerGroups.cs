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
            var rows = await _progress.ReadAsync(group, cancellationToken);
            return local is null && rows.Count == 0 ? null : await DescribeAsync(group, local, rows, cancellationToken);
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
        var started = _time.GetTimestamp();
        while (true)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

            // Asked for before the look, so that what happens in between is not missed.
            var advanced = local?.AdvancedToAsync(position, pause.Token);
            try
            {
                var reached = local?.Reached(_transport.Partitions);
                if (reached is { } here ? here >= position : await HasStoredAsync(group, position, cancellationToken))
                {
                    return true;
                }

                var left = timeout - _time.GetElapsedTime(started);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                var interval = reached is null ? PollInterval : PollInterval * 10;
                await Task.WhenAny(Task.Delay(left < interval ? left : interval, _time, pause.Token), advanced ?? Task.Delay(Timeout.Infinite, pause.Token));
                cancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                await pause.CancelAsync();
                await (advanced ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// Has this host's workers of a group ask the consumer's store once more how far it surely reaches (<see cref="EventConsumerOptions.DurableProgress"/>): somebody has reason to
    /// think that it holds less than it did.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the wait; the workers ask all the same.</param>
    /// <returns>Ends when each worker has asked, and has stored the progress that follows, or has given its partition up; a worker that does not get on with its batch is waited for.</returns>
    public Task RecheckAsync(string group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        return (_groups.Find(group)?.RecheckAsync() ?? Task.CompletedTask).WaitAsync(cancellationToken);
    }

    private async Task<bool> HasStoredAsync(string group, long position, CancellationToken cancellationToken)
    {
        try
        {
            var rows = await _progress.ReadAsync(group, cancellationToken);
            return rows.Count >= _transport.Partitions && rows.All(r => r.Progress.Position >= position);
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

    private async Task<ConsumerGroupStatus> DescribeAsync(string group, GroupActivity? local, IReadOnlyList<PartitionRow> rows, CancellationToken cancellationToken)
    {
        var partitions = new List<PartitionStatus>();
        var upstream = Math.Max(0, _settled.Current - _transport.Delivered);
        var oldest = upstream > 0 ? _transport.Delivered : long.MaxValue;
        foreach (var row in rows)
        {
            var lag = _transport.CountLag(row.Partition, row.Progress);
            oldest = lag > 0 ? Math.Min(oldest, row.Progress.Position) : oldest;
            partitions.Add(new(row.Partition, row.Progress.Position, row.Progress.Offset, lag, lag == 0 ? 0 : await AgeAsync(row.Progress.Position, cancellationToken), row.Owner, row.Error));
        }

        var behind = partitions.Sum(p => p.LagEvents) + upstream;
        
        // Of a partition that this host reads it knows more than the table.
        var error = local?.Error ?? rows.Where(r => local?.Partition(r.Partition) is not { IsHeld: true }).Select(r => r.Error).FirstOrDefault(e => e is not null);
        var state = error is not null ? ConsumerGroupState.Retrying
            : local is not { IsHeld: true } && !await _transport.IsClaimedAsync(group, cancellationToken) ? ConsumerGroupState.Stopped
            : behind > 0 ? ConsumerGroupState.Running
            : ConsumerGroupState.Idle;
        return new ConsumerGroupStatus(
            group, rows.Count == 0 ? 0 : rows.Min(r => r.Progress.Position), behind, behind == 0 ? 0 : await AgeAsync(oldest, cancellationToken), state, error,
            rows.Count == 0 ? null : rows[0].Owner, partitions);
    }

    /// <summary>Age of the oldest record above a position, by the database's clock, which also said when the record came in.</summary>
    private async Task<double> AgeAsync(long progress, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            "select extract(epoch from clock_timestamp() - ingested_at)::float8 from event_log.events where position > $1 order by position limit 1");
        command.Parameters.Add(new() { Value = progress });
        return await command.ExecuteScalarAsync(cancellationToken) is double age ? Math.Max(0, age) : 0;
    }
}

using Bxb.EventLog;
using Bxb.EventLog.Reading;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders;

/// <summary>The status of all consumer groups, whichever host reads them. Thread-safe.</summary>
public sealed class ConsumerGroups
{
    /// <summary>How often stored progress is read while another host reads the group.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>How often progress in memory is checked while this host reads the group, in addition to the signal of each commit: its partitions may move to another host.</summary>
    private static readonly TimeSpan LocalCheckInterval = TimeSpan.FromMilliseconds(500);

    private readonly ConsumerProgress _progress;
    private readonly EventAges _ages;
    private readonly GroupRegistry _groups;
    private readonly IEventTransport _transport;
    private readonly SettledPosition _settled;
    private readonly TimeProvider _time;

    internal ConsumerGroups(ConsumerProgress progress, EventAges ages, GroupRegistry groups, IEventTransport transport, SettledPosition settled, TimeProvider time) =>
        (_progress, _ages, _groups, _transport, _settled, _time) = (progress, ages, groups, transport, settled, time);

    /// <summary>The status of one group; null when no such group is registered here or ever had an owner.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<ConsumerGroupStatus?> GetAsync(string group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var rows = await ReadAsync(group, cancellationToken);
        return rows.Count == 0 && _groups.Find(group) is null ? null : (await DescribeAsync([(group, rows)], cancellationToken))[0];
    }

    /// <summary>The status of every group, by name.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<IReadOnlyList<ConsumerGroupStatus>> ListAsync(CancellationToken cancellationToken)
    {
        var rows = (await ReadAsync(group: null, cancellationToken)).ToLookup(r => r.Group, StringComparer.Ordinal);
        var names = new SortedSet<string>(rows.Select(r => r.Key).Concat(_groups.All.Select(g => g.Group)), StringComparer.Ordinal);
        return await DescribeAsync([.. names.Select(name => (name, (IReadOnlyList<PartitionRow>)[.. rows[name]]))], cancellationToken);
    }

    /// <summary>The stored state of a group's partitions. One small read: neither the log nor the transport is queried.</summary>
    /// <returns>The partitions by number; none when the group never had an owner, or has not begun all of its partitions.</returns>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<IReadOnlyList<GroupPartition>> ReadPartitionsAsync(string group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        var rows = await ReadAsync(group, cancellationToken);
        return rows.Count < _transport.Partitions ? [] : [.. rows.Select(r => new GroupPartition(TopicOf(r.Stream), r.Partition, r.Progress.Position, r.LastRecord, r.IsRead && r.IsCompared))];
    }

    /// <summary>
    /// Waits until a group's progress has reached a position. On the host that reads the group, the wait ends with the commit. On other hosts, stored progress is read every 50 ms; a failed read is
    /// repeated until the time is up.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="position">A position of the log.</param>
    /// <param name="timeout">The longest wait; zero checks once.</param>
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

            // Registered before the check, so that an advance in between is not missed.
            var advanced = local?.Waiters.WaitForAsync(position, pause.Token);
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

                var interval = reached is null ? PollInterval : LocalCheckInterval;
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
    /// Makes this host's workers of a group ask the consumer's store again what it holds (<see cref="EventConsumerOptions.DurableProgress"/>). Call it when the store may hold less than
    /// before.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the wait; the workers still ask.</param>
    /// <returns>Completes when each worker has asked and stored the resulting progress, or has released its partition. It also waits for a worker whose batch does not finish.</returns>
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
        catch (Exception exception) when (EventLogErrors.Find(exception) is not null)
        {
            return false;
        }
    }

    private Task<IReadOnlyList<PartitionRow>> ReadAsync(string? group, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(() => _progress.ReadAsync(group, cancellationToken));

    /// <summary>The topic of a stream; null for the log. A topic's name has no slash. See <see cref="IPartitionLease.Stream"/>.</summary>
    private static string? TopicOf(string stream) => stream.Split('/') is [_, var topic, ..] ? topic : null;

    private async Task<IReadOnlyList<ConsumerGroupStatus>> DescribeAsync(IReadOnlyList<(string Group, IReadOnlyList<PartitionRow> Rows)> groups, CancellationToken cancellationToken)
    {
        var delivered = _transport.Delivered;
        var upstream = Math.Max(0, _settled.Current - delivered);
        var behind = groups.SelectMany(g => g.Rows).Where(r => CountLag(r) > 0).Select(r => r.Progress.Position);
        var ages = await _ages.ReadAsync(upstream > 0 ? behind.Append(delivered) : behind, cancellationToken);
        return [.. groups.Select(g => Describe(g.Group, g.Rows, delivered, upstream, ages))];
    }

    private ConsumerGroupStatus Describe(string group, IReadOnlyList<PartitionRow> rows, long delivered, long upstream, IReadOnlyDictionary<long, double>? ages)
    {
        var local = _groups.Find(group);
        var partitions = new List<PartitionStatus>();
        var oldest = upstream > 0 ? delivered : long.MaxValue;
        foreach (var row in rows)
        {
            var lag = CountLag(row);
            oldest = lag > 0 ? Math.Min(oldest, row.Progress.Position) : oldest;
            partitions.Add(new(row.Partition, row.Progress.Position, row.Progress.Offset, lag, lag == 0 ? 0 : Age(ages, row.Progress.Position), row.Owner, row.Error));
        }

        var behind = partitions.Sum(p => p.LagEvents) + upstream;

        // For a partition that this host reads, its memory is newer than the table.
        var error = local?.Error ?? rows.Where(r => local?.Partition(r.Partition) is not { IsHeld: true }).Select(r => r.Error).FirstOrDefault(e => e is not null);
        var state = error is not null ? ConsumerGroupState.Retrying
            : local is not { IsHeld: true } && !rows.Any(r => r.IsRead) ? ConsumerGroupState.Stopped
            : behind > 0 ? ConsumerGroupState.Running
            : ConsumerGroupState.Idle;
        return new ConsumerGroupStatus(
            group, rows.Count == 0 ? 0 : rows.Min(r => r.Progress.Position), behind, behind == 0 ? 0 : Age(ages, oldest), state, error,
            rows.Count == 0 ? null : rows[0].Owner, partitions);
    }

    private long CountLag(PartitionRow row) => _transport.CountLag(row.Partition, row.Progress);

    /// <summary>Zero when the lag appeared after the ages were read.</summary>
    private static double? Age(IReadOnlyDictionary<long, double>? ages, long position) => ages is null ? null : ages.GetValueOrDefault(position);
}

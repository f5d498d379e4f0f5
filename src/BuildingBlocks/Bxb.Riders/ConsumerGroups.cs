namespace Bxb.Riders;

/// <summary>How far the consumer groups are: all groups, whichever host reads them. Thread-safe.</summary>
public sealed class ConsumerGroups
{
    /// <summary>The status of one group; null when no such group was registered here or ever had progress.</summary>
    public Task<ConsumerGroupStatus?> GetAsync(string group, CancellationToken cancellationToken) => throw new NotSupportedException(group);

    /// <summary>The status of every group, by name.</summary>
    public Task<IReadOnlyList<ConsumerGroupStatus>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException(nameof(cancellationToken));

    /// <summary>Waits until a group's progress has reached a position.</summary>
    public ValueTask<bool> WaitForAsync(string group, long position, TimeSpan timeout, CancellationToken cancellationToken) =>
        throw new NotSupportedException(group + position + timeout);
}

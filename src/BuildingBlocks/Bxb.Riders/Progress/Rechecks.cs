namespace Bxb.Riders.Progress;

/// <summary>Requests to compare a consumer's store with the progress again, by partition. Thread-safe.</summary>
internal sealed class Rechecks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource> _pending = [];

    /// <summary>Requests a comparison for every partition that this host reads.</summary>
    /// <param name="partitions">Enumerated under the lock, so that a partition that is released meanwhile still finds its request.</param>
    /// <returns>Completes when each worker has compared, or has released its partition.</returns>
    public Task RequestAsync(IEnumerable<PartitionActivity> partitions)
    {
        List<Task> requested = [];
        lock (_gate)
        {
            foreach (var partition in partitions.Where(p => p.IsHeld))
            {
                if (!_pending.TryGetValue(partition.Partition, out var request))
                {
                    _pending[partition.Partition] = request = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                requested.Add(request.Task);
            }
        }

        return Task.WhenAll(requested);
    }

    /// <summary>The pending request for a partition; null when there is none. The caller completes it.</summary>
    public TaskCompletionSource? Take(int partition)
    {
        lock (_gate)
        {
            return _pending.Remove(partition, out var request) ? request : null;
        }
    }
}

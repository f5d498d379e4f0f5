using Bxb.Analytics.Loading;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Delivers one partition as the consumer group does: stored edges, repeats, rewinds. Position modulo the number of partitions is the partition of an event.</summary>
internal sealed class SimulatedWorker(string? topic, int partition, int partitions)
{
    private (long First, long Last)? _unfinished;

    /// <summary>Everything up to this position is processed.</summary>
    internal long Progress { get; set; }

    /// <summary>Everything up to this position may have been delivered before.</summary>
    internal long Delivered { get; set; }

    /// <summary>The partition.</summary>
    internal (string? Topic, int Partition) Place => (topic, partition);

    /// <summary>Whether a delivered batch has an unknown outcome.</summary>
    internal bool HasUnfinished => _unfinished is not null;

    /// <summary>Returns a worker that does not know that another host has taken over.</summary>
    internal SimulatedWorker Copy() => new(topic, partition, partitions) { Progress = Progress, Delivered = Delivered, _unfinished = _unfinished };

    /// <summary>Moves the partition to a host. Returns false after a transient failure.</summary>
    internal async Task<bool> TryTakeOverAsync(LoaderUnderTest host)
    {
        try
        {
            await TakeOverAsync(host);
            return true;
        }
        catch (Exception e) when (LoadingFaults.IsTransient(e))
        {
            return false;
        }
    }

    /// <summary>Moves the partition to a host.</summary>
    internal async Task TakeOverAsync(LoaderUnderTest host)
    {
        var durable = await host.Loader.TakeOverAsync(new PartitionProgress(topic, partition, Progress), default);
        if (durable < Progress)
        {
            (Progress, _unfinished) = (durable, null);
        }
    }

    /// <summary>Delivers the next batch, or repeats the one with an unknown outcome.</summary>
    /// <returns>False after a transient failure or a rewind.</returns>
    internal async Task<bool> LoadAsync(LoaderUnderTest host, long upTo)
    {
        if (Next(upTo) is not { } batch)
        {
            return true;
        }

        var isRepeat = batch.First <= Delivered;
        (_unfinished, Delivered) = (batch, Math.Max(Delivered, batch.Last));
        using var records = Events.Range(batch.First, batch.Last, Holds);
        try
        {
            await host.Loader.LoadAsync(Events.Batch(records, isRepeat, topic, partition), default);
            (Progress, _unfinished) = (batch.Last, null);
            return true;
        }
        catch (ProgressLostException e)
        {
            (Progress, _unfinished) = (Math.Min(Progress, e.DurablePosition), null);
        }
        catch (Exception e) when (LoadingFaults.IsTransient(e))
        {
            // The next call repeats the batch with the same edges.
            return false;
        }

        return false;
    }

    private bool Holds(long position) => topic is null || position % partitions == partition;

    private (long First, long Last)? Next(long upTo)
    {
        if (_unfinished is { } again)
        {
            return again;
        }

        // A batch is either new or a repeat, not partly both. Progress can be ahead of the partition's last record.
        var end = Progress < Delivered ? Math.Min(upTo, Delivered) : upTo;
        for (var first = Progress + 1; first <= end; first++)
        {
            if (Holds(first))
            {
                var last = end;
                while (!Holds(last))
                {
                    last--;
                }

                return (first, last);
            }
        }

        Progress = Math.Max(Progress, end);
        return null;
    }
}

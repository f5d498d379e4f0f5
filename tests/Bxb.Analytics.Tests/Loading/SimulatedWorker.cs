using Bxb.Analytics.Loading;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Delivers one partition as the consumer group does: stored edges, repeats, rewinds. Position modulo the number of partitions is the partition of an event.</summary>
internal sealed class SimulatedWorker(string? topic, int partition, int partitions)
{
    private (long First, long Last)? _inHand;

    /// <summary>Everything up to here is processed.</summary>
    internal long Progress { get; set; }

    /// <summary>Up to here everything may have been handed out before.</summary>
    internal long HandedOut { get; set; }

    /// <summary>The partition.</summary>
    internal (string? Topic, int Partition) Place => (topic, partition);

    /// <summary>Whether a batch was handed out whose end is unknown.</summary>
    internal bool HasInHand => _inHand is not null;

    /// <summary>Returns a worker that does not know that another host has taken over.</summary>
    internal SimulatedWorker Copy() => new(topic, partition, partitions) { Progress = Progress, HandedOut = HandedOut, _inHand = _inHand };

    /// <summary>This host has the partition from now on; false when its loader cannot say how far it is, for a reason that will pass.</summary>
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

    /// <summary>This host has the partition from now on.</summary>
    internal async Task TakeOverAsync(LoaderUnderTest host)
    {
        var durable = await host.Loader.TakeOverAsync(new PartitionProgress(topic, partition, Progress), default);
        if (durable < Progress)
        {
            (Progress, _inHand) = (durable, null);
        }
    }

    /// <summary>Hands the next batch out, or again the one in hand.</summary>
    /// <returns>False when it did not go in, for a reason that will pass.</returns>
    internal async Task<bool> LoadAsync(LoaderUnderTest host, long upTo)
    {
        if (Next(upTo) is not { } batch)
        {
            return true;
        }

        var isRepeat = batch.First <= HandedOut;
        (_inHand, HandedOut) = (batch, Math.Max(HandedOut, batch.Last));
        using var records = Events.Range(batch.First, batch.Last, Holds);
        try
        {
            await host.Loader.LoadAsync(Events.Batch(records, isRepeat, topic, partition), default);
            (Progress, _inHand) = (batch.Last, null);
            return true;
        }
        catch (ProgressLostException e)
        {
            (Progress, _inHand) = (Math.Min(Progress, e.DurablePosition), null);
        }
        catch (Exception e) when (LoadingFaults.IsTransient(e))
        {
            // Again, with the same edges.
            e.ShouldNotBeNull();
        }

        return false;
    }

    private bool Holds(long position) => topic is null || position % partitions == partition;

    private (long First, long Last)? Next(long upTo)
    {
        if (_inHand is { } again)
        {
            return again;
        }

        // No batch is half a repeat. Where the partition has nothing, its progress runs ahead of its records.
        var end = Progress < HandedOut ? Math.Min(upTo, HandedOut) : upTo;
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

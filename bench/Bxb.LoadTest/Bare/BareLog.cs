using System.Threading.Channels;
using Bxb.EventLog;
using Bxb.EventLog.Appending;

namespace Bxb.LoadTest.Bare;

/// <summary>The bounded channel and the loops that commit what is in it, group by group, with the product's own statement over connections like the product's.</summary>
/// <remarks>No notification, no settled position, no isolation of a bad block, no second try, and duplicates are not told from conflicts.</remarks>
internal sealed class BareLog(EventLogConnections connections, EventLogOptions options)
{
    private readonly Channel<AppendRequest> _queue = Channel.CreateBounded<AppendRequest>(options.QueueBlocks);

    /// <summary>Ends once the block is committed.</summary>
    public async Task AppendAsync(AppendBlock block, CancellationToken cancellationToken)
    {
        var request = new AppendRequest(block);
        await _queue.Writer.WriteAsync(request, cancellationToken);
        await request.Task;
    }

    /// <summary>Commits until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, options.Writers).Select(_ => WriteAsync(cancellationToken)));

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var group = new AppendGroup();
        var unresolved = new List<AppendRequest>();
        await using var session = await AppendSession.OpenAsync(connections.Dedicated, group, cancellationToken);
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            group.Clear();
            while (group.Events < options.MaxGroupEvents && group.Bytes < options.MaxGroupBytes && _queue.Reader.TryRead(out var request))
            {
                group.Add(request);
            }

            if (group.Events == 0)
            {
                continue;
            }

            await session.RecordAsync();
            unresolved.Clear();
            group.CompleteRecorded(unresolved);
            unresolved.ForEach(r => r.Complete());
        }
    }
}

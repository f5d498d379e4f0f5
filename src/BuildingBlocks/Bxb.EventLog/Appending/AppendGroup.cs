using System.Runtime.InteropServices;
using System.Text;

namespace Bxb.EventLog.Appending;

/// <summary>The blocks of one commit, laid out as the arrays that the statement takes. One writer's, used again for each group.</summary>
/// <remarks>The texts are views into the blocks, which are lent until their requests end. Ordinals count from 1 over the whole group, in request order.</remarks>
internal sealed class AppendGroup
{
    // PostgreSQL counts microseconds from 2000-01-01.
    private const long PostgresEpochMilliseconds = 946_684_800_000;

    private readonly List<long> _positions = [];

    public List<AppendRequest> Requests { get; } = [];

    public List<int> Organizations { get; } = [];

    public List<ReadOnlyMemory<byte>> Sources { get; } = [];

    public List<ReadOnlyMemory<byte>> TransactionIds { get; } = [];

    public List<ReadOnlyMemory<byte>> Customers { get; } = [];

    public List<ReadOnlyMemory<byte>> Codes { get; } = [];

    public List<long> Timestamps { get; } = [];

    public List<ReadOnlyMemory<byte>> Properties { get; } = [];

    public List<long> Digests { get; } = [];

    public List<short> Kinds { get; } = [];

    public List<ReadOnlyMemory<byte>> TraceParents { get; } = [];

    public int Events => Organizations.Count;

    public int Bytes { get; private set; }

    /// <summary>The highest position that the group's events reached; 0 when none did.</summary>
    public long LastPosition { get; private set; }

    public void Clear()
    {
        Requests.Clear();
        ClearRows();
        Bytes = 0;
        LastPosition = 0;
        _positions.Clear();
    }

    public void Add(AppendRequest request)
    {
        var block = request.Block;
        ReadOnlyMemory<byte> trace = block.TraceParent is { } traceParent ? Encoding.UTF8.GetBytes(traceParent) : default;
        foreach (ref readonly var e in block.Events)
        {
            AddRow(block, in e, trace);
            _positions.Add(0);
        }

        Requests.Add(request);
        Bytes += block.WrittenBytes;
    }

    /// <summary>Notes that an event is in the log for the first time.</summary>
    public void SetRecorded(int ordinal, long position)
    {
        _positions[ordinal - 1] = position;
        LastPosition = Math.Max(LastPosition, position);
    }

    /// <summary>Writes positions and outcomes of the recorded events into the blocks and ends the requests that hold no others. Those that do are handed out.</summary>
    /// <returns>Events recorded.</returns>
    public int CompleteRecorded(List<AppendRequest> unresolved)
    {
        var recorded = 0;
        var positions = CollectionsMarshal.AsSpan(_positions);
        foreach (var request in Requests)
        {
            var events = request.Block.Events;
            var all = true;
            for (var i = 0; i < events.Length; i++)
            {
                events[i].Position = positions[i];
                events[i].Outcome = positions[i] > 0 ? AppendOutcome.Recorded : AppendOutcome.Pending;
                recorded += positions[i] > 0 ? 1 : 0;
                all &= positions[i] > 0;
            }

            positions = positions[events.Length..];
            if (all)
            {
                request.Complete();
            }
            else
            {
                unresolved.Add(request);
            }
        }

        return recorded;
    }

    /// <summary>Lays out anew the events of some requests that have a given outcome, in the order in which <see cref="AppendSession"/> answers on them.</summary>
    public void SelectRows(List<AppendRequest> requests, AppendOutcome outcome)
    {
        ClearRows();
        foreach (var request in requests)
        {
            ReadOnlyMemory<byte> trace = request.Block.TraceParent is { } traceParent ? Encoding.UTF8.GetBytes(traceParent) : default;
            foreach (ref readonly var e in request.Block.Events)
            {
                if (e.Outcome == outcome)
                {
                    AddRow(request.Block, in e, trace);
                }
            }
        }
    }

    private void AddRow(AppendBlock block, in PendingEvent e, ReadOnlyMemory<byte> trace)
    {
        Organizations.Add(block.OrganizationId);
        Sources.Add(block.TextMemory(e.Source));
        TransactionIds.Add(block.TextMemory(e.TransactionId));
        Customers.Add(block.TextMemory(e.ExternalCustomerId));
        Codes.Add(block.TextMemory(e.Code));
        Timestamps.Add((e.TimestampMilliseconds - PostgresEpochMilliseconds) * 1000);
        Properties.Add(block.TextMemory(e.Properties));
        Digests.Add(e.Digest);
        Kinds.Add((short)e.Kind);
        TraceParents.Add(trace);
    }

    private void ClearRows()
    {
        Organizations.Clear();
        Sources.Clear();
        TransactionIds.Clear();
        Customers.Clear();
        Codes.Clear();
        Timestamps.Clear();
        Properties.Clear();
        Digests.Clear();
        Kinds.Clear();
        TraceParents.Clear();
    }
}

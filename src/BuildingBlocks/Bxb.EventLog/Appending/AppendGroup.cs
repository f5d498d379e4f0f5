using System.Runtime.InteropServices;
using System.Text;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Appending;

/// <summary>The blocks of one commit as the arrays of the statement. Owned by one writer and reused for each group.</summary>
/// <remarks>The texts are views into the blocks, which are borrowed until their requests end. Ordinals count from 1 over the whole group, in the order of the requests.</remarks>
internal sealed class AppendGroup
{
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

    /// <summary>The highest position of a recorded event of the group; 0 if there is none.</summary>
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

    /// <summary>Sets the position of an event that was recorded.</summary>
    public void SetRecorded(int ordinal, long position)
    {
        _positions[ordinal - 1] = position;
        LastPosition = Math.Max(LastPosition, position);
    }

    /// <summary>Writes positions and outcomes of the recorded events into the blocks and completes the requests whose events were all recorded.</summary>
    /// <param name="unresolved">Receives the other requests.</param>
    /// <returns>The number of recorded events.</returns>
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

    /// <summary>Replaces the arrays by the events of some requests that have an outcome, in the order of the requests.</summary>
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
        Timestamps.Add(PostgresTime.ToMicroseconds(e.TimestampMilliseconds));
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

using Bxb.EventLog.Appending;
using Bxb.Ingestion.Rules;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;

namespace Bxb.Ingestion.Http;

/// <summary>The result of one request. The endpoint owns it, writes the answer from it and disposes it, which returns the buffers to the pool.</summary>
internal sealed class TakenEvents(Admission admission) : IDisposable
{
    /// <summary>The bytes that the request holds.</summary>
    public AdmissionLease Lease { get; } = new(admission);

    public EventFaults Faults { get; } = new();

    /// <summary>The events with their outcomes; null only with a refusal.</summary>
    public AppendBlock? Block { get; set; }

    /// <summary>The reason for which nothing was stored; null if the request was accepted.</summary>
    public Refusal? Refusal { get; set; }

    /// <summary>Size of the body after decompression, in bytes.</summary>
    public int Bytes { get; set; }

    /// <summary>Number of invalid events.</summary>
    public int Rejected { get; set; }

    public int Recorded { get; private set; }

    /// <summary>Number of events that were recorded before with the same content.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Number of events that were recorded before with other content.</summary>
    public int Conflicts { get; private set; }

    /// <summary>The highest position of the events; 0 if there is none.</summary>
    public long Position { get; private set; }

    /// <summary>Counts the outcomes of the events.</summary>
    public void Count()
    {
        foreach (ref readonly var pending in Block!.Events)
        {
            Recorded += pending.Outcome == AppendOutcome.Recorded ? 1 : 0;
            Duplicates += pending.Outcome == AppendOutcome.Duplicate ? 1 : 0;
            Conflicts += pending.Outcome == AppendOutcome.Conflict ? 1 : 0;
            Position = Math.Max(Position, pending.Position);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Block?.Dispose();
        Lease.Dispose();
    }
}

using Bxb.EventLog.Appending;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;

namespace Bxb.Ingestion.Intake;

/// <summary>What became of one request's events. Owned by the endpoint, which answers from it and then disposes of it; the buffers go back to the pool with that.</summary>
internal sealed class TakenEvents(Admission admission) : IDisposable
{
    /// <summary>What the request holds of the host's bytes.</summary>
    public AdmissionLease Lease { get; } = new(admission);

    /// <summary>The faults of the events.</summary>
    public EventFaults Faults { get; } = new();

    /// <summary>The events, with what the log made of them; null only with a refusal.</summary>
    public AppendBlock? Block { get; set; }

    /// <summary>Why nothing was stored; null if the request was taken in.</summary>
    public Refusal? Refusal { get; set; }

    /// <summary>Bytes of JSON, decompressed.</summary>
    public int Bytes { get; set; }

    /// <summary>Events that broke a rule and were left out.</summary>
    public int Rejected { get; set; }

    /// <summary>Events that are new.</summary>
    public int Recorded { get; private set; }

    /// <summary>Events that were known with the same content.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Events that were known with other content.</summary>
    public int Conflicts { get; private set; }

    /// <summary>The highest position that the request reached; 0 if it reached none.</summary>
    public long Position { get; private set; }

    /// <summary>Adds up what the log made of the events.</summary>
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

using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>A stretch of the log that goes into one flush. Owned by the relay until it is disposed of.</summary>
/// <param name="Records">The records, in log order; none when the stretch is a gap that rollbacks left.</param>
/// <param name="Position">The position up to which the log was read: at or above the last record's.</param>
internal sealed record RelayBlock(EventRecords Records, long Position) : IDisposable
{
    public void Dispose() => Records.Dispose();
}

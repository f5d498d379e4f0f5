using Bxb.Riders.Transport;

namespace Bxb.Riders.Progress;

/// <summary>A bounded range that a partition delivers again. Its owner has begun it.</summary>
/// <param name="Id">Number of the range's request.</param>
/// <param name="Progress">Everything up to it was delivered again.</param>
/// <param name="Until">Everything up to this position is delivered again.</param>
/// <param name="InFlight">The batch that the previous owner had in flight; how much of it was processed is unknown.</param>
/// <param name="Events">Records delivered again so far.</param>
/// <param name="FromLog">Whether the event log is read instead of the transport.</param>
internal readonly record struct RedeliveryRange(long Id, Checkpoint Progress, long Until, BatchEdges? InFlight, long Events, bool FromLog);

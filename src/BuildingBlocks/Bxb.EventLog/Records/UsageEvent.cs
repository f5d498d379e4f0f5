namespace Bxb.EventLog.Records;

/// <summary>One event as the log holds it, for answers and tools. The hot path uses <see cref="EventRecord"/> instead, which allocates nothing.</summary>
/// <param name="Position">Its place in the log.</param>
/// <param name="OrganizationId">The organization it belongs to.</param>
/// <param name="Source">Empty unless a CloudEvent brought one.</param>
/// <param name="TransactionId">The sender's id.</param>
/// <param name="ExternalCustomerId">The customer, by the sender's name for it.</param>
/// <param name="Code">The event's type.</param>
/// <param name="Timestamp">Event time, whole milliseconds, UTC.</param>
/// <param name="Properties">A JSON object as PostgreSQL's jsonb prints it, UTF-8.</param>
/// <param name="Digest">The digest over the canonical content.</param>
/// <param name="Kind">What the record says.</param>
/// <param name="IngestedAt">When the log took it, whole milliseconds, UTC.</param>
/// <param name="TraceParent">W3C trace context of the request, if it had one.</param>
public sealed record UsageEvent(
    long Position, int OrganizationId, string Source, string TransactionId, string ExternalCustomerId, string Code, DateTimeOffset Timestamp,
    ReadOnlyMemory<byte> Properties, long Digest, EventKind Kind, DateTimeOffset IngestedAt, string? TraceParent);

namespace Bxb.Riders;

/// <summary>The records that consumer groups could not process. Thread-safe.</summary>
public sealed class DeadLetters
{
    /// <summary>Dead letters, the newest first.</summary>
    public Task<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterFilter filter, CancellationToken cancellationToken) =>
        throw new NotSupportedException(filter?.ToString());

    /// <summary>Has a dead letter delivered to its group again. Null when there is none of this id (for this organization).</summary>
    public Task<DeadLetter?> RequeueAsync(long id, int? organizationId, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{id}{organizationId}");

    /// <summary>Gives a record up for its group, with a reason. Null when there is none of this id (for this organization).</summary>
    public Task<DeadLetter?> DiscardAsync(long id, string reason, int? organizationId, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{id}{organizationId}{reason}");
}

namespace Bxb.Riders.Transport;

/// <summary>Copies the log's records into a topic. Registered only where there is a topic. Thread-safe.</summary>
public interface IRelay
{
    /// <summary>The relay's progress, whichever host runs it.</summary>
    /// <exception cref="Exception">Any: PostgreSQL does not answer.</exception>
    Task<RelayStatus> GetStatusAsync(CancellationToken cancellationToken);
}

/// <summary>The relay's progress.</summary>
/// <param name="Position">Everything up to this position of the log is in the topic, acknowledged.</param>
/// <param name="LagEvents">Settled positions above it; an upper bound, since positions have gaps.</param>
/// <param name="LagSeconds">Age of the oldest event that is not in the topic, seconds; 0 when there is none; null when the log does not answer in time.</param>
/// <param name="State">What the relay does now.</param>
/// <param name="Owner">The host that runs it, or ran it last; null when none ever did.</param>
/// <param name="Error">The last failure in one line; null when nothing is wrong.</param>
public sealed record RelayStatus(long Position, long LagEvents, double? LagSeconds, RelayState State, string? Owner, string? Error);

/// <summary>What the relay does now.</summary>
public enum RelayState
{
    /// <summary>Relays records.</summary>
    Running,

    /// <summary>Has relayed everything that is settled.</summary>
    Idle,

    /// <summary>The last attempt failed; the relay retries by itself.</summary>
    Retrying,

    /// <summary>No host runs it.</summary>
    Stopped,
}

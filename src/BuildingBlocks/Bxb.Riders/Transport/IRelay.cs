namespace Bxb.Riders.Transport;

/// <summary>What brings the log's records into a topic. In the container only where there is one. Thread-safe.</summary>
public interface IRelay
{
    /// <summary>How far it is, whichever host runs it.</summary>
    /// <exception cref="Exception">Anything: PostgreSQL does not answer.</exception>
    Task<RelayStatus> GetStatusAsync(CancellationToken cancellationToken);
}

/// <summary>How far the relay is.</summary>
/// <param name="Position">Everything up to this position of the log is in the topic, acknowledged.</param>
/// <param name="LagEvents">Settled positions beyond it; an upper bound, since positions have gaps.</param>
/// <param name="LagSeconds">Age of the oldest event that is not in the topic, seconds; 0 when there is none; null when the log does not say in time.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Owner">The host that runs it, or ran it last; null when none ever did.</param>
/// <param name="Error">Why it does not get on, one line; null when nothing is wrong.</param>
public sealed record RelayStatus(long Position, long LagEvents, double? LagSeconds, RelayState State, string? Owner, string? Error);

/// <summary>What the relay is doing.</summary>
public enum RelayState
{
    /// <summary>Has records to relay and relays them.</summary>
    Running,

    /// <summary>Has relayed everything that is settled.</summary>
    Idle,

    /// <summary>Its last try failed, or what it needs is away; it tries again by itself.</summary>
    Retrying,

    /// <summary>No host runs it.</summary>
    Stopped,
}

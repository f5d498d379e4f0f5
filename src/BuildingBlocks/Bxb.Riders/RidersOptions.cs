using System.ComponentModel.DataAnnotations;

namespace Bxb.Riders;

/// <summary>Options of all consumer groups of a host.</summary>
public sealed class RidersOptions : IValidatableObject
{
    /// <summary>The name of this host as an owner of groups, for operators. Default: machine name and process id.</summary>
    [Required, MinLength(1), MaxLength(255)]
    public string Owner { get; set; } = $"{Environment.MachineName}/{Environment.ProcessId}";

    /// <summary>
    /// How often a lease that another host holds is tried, and how often a lease is confirmed. Default 1 s; 10 ms to 1 minute. A new owner waits twice as long before it repeats a batch that the
    /// previous owner had in flight, so that the previous owner has noticed the loss.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan OwnershipInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// An owner that has not confirmed its lease for this time counts as dead or suspended, and its session is ended. Default 10 s; 100 ms to 10 minutes; at least three times
    /// <see cref="OwnershipInterval"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan OwnerSilence { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The host is degraded when a partition with lag has not moved for this time. Default 8 s; 1 s to 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StalledAfter { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long the batch in flight may take to finish at a stop before its consumer is cancelled. Default 10 s; 0 to 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) => OwnerSilence < OwnershipInterval * 3
        ? [new ValidationResult($"must be at least three times {nameof(OwnershipInterval)}.", [nameof(OwnerSilence)])]
        : [];
}

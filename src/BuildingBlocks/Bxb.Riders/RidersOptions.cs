using System.ComponentModel.DataAnnotations;

namespace Bxb.Riders;

/// <summary>What holds for all consumer groups of a host.</summary>
public sealed class RidersOptions : IValidatableObject
{
    /// <summary>The name under which this host owns groups; for people. Default: machine name and process id.</summary>
    [Required, MinLength(1), MaxLength(255)]
    public string Owner { get; set; } = $"{Environment.MachineName}/{Environment.ProcessId}";

    /// <summary>
    /// How often a group that another host owns is tried, and how often ownership is confirmed. Default 1 s; 10 ms to 1 minute. A new owner waits twice as long before it repeats
    /// a batch that another one had in hand, so that the other has surely noticed.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan OwnershipInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// An owner that has not confirmed for so long is taken to be dead or suspended, and its lock is broken. Default 10 s; 100 ms to 10 minutes; at least three times
    /// <see cref="OwnershipInterval"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan OwnerSilence { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A partition of a group with lag that has not moved for so long makes the host degraded. Default 8 s; 1 s to 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StalledAfter { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>At stop, how long the batch in hand may take to finish and be committed before its consumer is cancelled. Default 10 s; 0 to 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) => OwnerSilence < OwnershipInterval * 3
        ? [new ValidationResult($"must be at least three times {nameof(OwnershipInterval)}.", [nameof(OwnerSilence)])]
        : [];
}

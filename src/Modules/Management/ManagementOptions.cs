using System.ComponentModel.DataAnnotations;

namespace Bxb.Management;

/// <summary>The section <c>Bxb:Management</c>.</summary>
public sealed class ManagementOptions : IValidatableObject
{
    /// <summary>Age at which a cached key, valid or wrong, is looked up again in the background. Default 2 s; 100 ms to 4 s; below <see cref="KeyExpiresAfter"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:04", ErrorMessage = "must be from 00:00:00.1 to 00:00:04")]
    public TimeSpan KeyRefreshAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Age at which a cached key is no longer used, also while the database is away. Every host refuses a revoked key after this time. Default 4.5 s; 200 ms to 5 s; above
    /// <see cref="KeyRefreshAfter"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:00:05", ErrorMessage = "must be from 00:00:00.2 to 00:00:05")]
    public TimeSpan KeyExpiresAfter { get; set; } = TimeSpan.FromMilliseconds(4500);

    /// <summary>The most cached valid keys, and the most cached wrong keys. Default 10,000; 16 to 1,000,000.</summary>
    [Range(16, 1_000_000)]
    public int MaxCachedKeys { get; set; } = 10_000;

    /// <summary>The most lookups of keys at a time, and so the most connections that a flood of wrong keys uses. Default 4; 1 to 64.</summary>
    [Range(1, 64)]
    public int MaxConcurrentKeyLookups { get; set; } = 4;

    /// <summary>The longest that a request waits for the lookup of its key; then it is answered 503. Default 5 s; 100 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00", ErrorMessage = "must be from 00:00:00.1 to 00:01:00")]
    public TimeSpan KeyLookupTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Age at which a cached billable metric is read again. Writes of this host are visible at once. Default 1 s; 0 to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ErrorMessage = "must be from 00:00:00 to 00:01:00")]
    public TimeSpan MetricExpiresAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The most cached billable metrics. Default 10,000; 16 to 1,000,000.</summary>
    [Range(16, 1_000_000)]
    public int MaxCachedMetrics { get; set; } = 10_000;

    /// <summary>The largest request body, in bytes after decompression. Default 1 MiB; 1 KiB to 16 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 1024 * 1024;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) => KeyExpiresAfter <= KeyRefreshAfter
        ? [new ValidationResult($"must be above {nameof(KeyRefreshAfter)}.", [nameof(KeyExpiresAfter)])]
        : [];
}

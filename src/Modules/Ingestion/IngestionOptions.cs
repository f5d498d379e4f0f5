using System.ComponentModel.DataAnnotations;

namespace Bxb.Ingestion;

/// <summary>Limits of intake, section <c>Bxb:Ingestion</c>. Each limit of a body applies to the compressed and to the decompressed size.</summary>
public sealed class IngestionOptions : IValidatableObject
{
    /// <summary>Maximum size of the body of one event, in bytes. Default 262,144 (256 KiB); 1 KiB to 16 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxEventBytes { get; set; } = 256 * 1024;

    /// <summary>Maximum size of the body of a batch, in bytes. Default 33,554,432 (32 MiB); 1 KiB to 256 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Maximum number of events in a batch. Default 10,000; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int MaxEventsPerBatch { get; set; } = 10_000;

    /// <summary>
    /// Maximum memory of all requests between their first byte and the commit, in bytes: compressed bodies, decompressed bodies and events. Further requests
    /// are answered 429. Default 268,435,456 (256 MiB); 16 KiB to 64 GiB, and at least four times <see cref="MaxBatchBytes"/> and <see cref="MaxEventBytes"/>,
    /// so that any one request fits.
    /// </summary>
    [Range(16L * 1024, 64L * 1024 * 1024 * 1024)]
    public long MaxBytesInFlight { get; set; } = 256L * 1024 * 1024;

    /// <summary>Value of <c>Retry-After</c> with 429 and 503, in whole seconds. Default 1 s; 1 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Maximum time by which a timestamp can be ahead of the host's clock. Default 24 h; 0 to 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxTimestampAhead { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Maximum size of the properties of an event in canonical form, in bytes. Default 65,536 (64 KiB); 2 to 65,536, the limit of the stores.</summary>
    [Range(2, 64 * 1024)]
    public int MaxPropertiesBytes { get; set; } = 64 * 1024;

    /// <summary>Maximum nesting depth of properties. The properties object has depth 1. Default 16; 1 to 16.</summary>
    [Range(1, 16)]
    public int MaxPropertiesDepth { get; set; } = 16;

    /// <summary>Maximum number of characters in the name of a property. Default 255; 1 to 255.</summary>
    [Range(1, 255)]
    public int MaxPropertyNameCharacters { get; set; } = 255;

    /// <summary>Maximum number of digits of a number when it is written without an exponent. Default 100; 1 to 100.</summary>
    [Range(1, 100)]
    public int MaxNumberDigits { get; set; } = 100;

    /// <summary>Size of the events at which a page of a list ends, in bytes. The next page begins there. Default 8,388,608 (8 MiB); 64 KiB to 256 MiB.</summary>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int MaxPageBytes { get; set; } = 8 * 1024 * 1024;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) => MaxBytesInFlight < 4L * Math.Max(MaxBatchBytes, MaxEventBytes)
        ? [new ValidationResult($"is {MaxBytesInFlight} and must be at least four times "
                + $"{nameof(MaxBatchBytes)} ({MaxBatchBytes}) and {nameof(MaxEventBytes)} ({MaxEventBytes}).", [nameof(MaxBytesInFlight)])]
        : [];
}

using System.ComponentModel.DataAnnotations;

namespace Bxb.Ingestion;

/// <summary>The limits of intake: the section <c>Bxb:Ingestion</c>. Sizes are bytes of JSON after decompression, and the same number again bounds the compressed body.</summary>
public sealed class IngestionOptions : IValidatableObject
{
    /// <summary>The largest body of one event. Default 262,144 (256 KiB); 1 KiB to 16 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxEventBytes { get; set; } = 256 * 1024;

    /// <summary>The largest body of a batch. Default 33,554,432 (32 MiB); 1 KiB to 256 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>The most events of a batch. Default and highest 10,000.</summary>
    [Range(1, 10_000)]
    public int MaxEventsPerBatch { get; set; } = 10_000;

    /// <summary>
    /// What all requests together may hold in memory between their first byte and the log's commit: bodies as they came and decompressed, and the events read
    /// from them. Above it a request is answered 429. Default 268,435,456 (256 MiB); 16 KiB to 64 GiB, and at least four times
    /// <see cref="MaxBatchBytes"/> and <see cref="MaxEventBytes"/>, so that any one request fits.
    /// </summary>
    [Range(16L * 1024, 64L * 1024 * 1024 * 1024)]
    public long MaxBytesInFlight { get; set; } = 256L * 1024 * 1024;

    /// <summary>What <c>Retry-After</c> says with 429 and 503, in whole seconds. Default 1 s; 1 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How far ahead of the host's clock an event's timestamp may lie. Default 24 h; 0 to 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxTimestampAhead { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The most bytes of one event's properties, in canonical form. Default and highest 65,536 (64 KiB): what the stores are built for.</summary>
    [Range(2, 64 * 1024)]
    public int MaxPropertiesBytes { get; set; } = 64 * 1024;

    /// <summary>How deep properties may nest; the properties object itself is depth 1. Default and highest 16.</summary>
    [Range(1, 16)]
    public int MaxPropertiesDepth { get; set; } = 16;

    /// <summary>The most characters of a property's name. Default and highest 255.</summary>
    [Range(1, 255)]
    public int MaxPropertyNameCharacters { get; set; } = 255;

    /// <summary>The most digits of one number, written out plainly. Default and highest 100.</summary>
    [Range(1, 100)]
    public int MaxNumberDigits { get; set; } = 100;

    /// <summary>The most bytes of events that one answer of a list holds; a fuller page ends there and goes on at its cursor. Default 8,388,608 (8 MiB); 64 KiB to 256 MiB.</summary>
    [Range(64 * 1024, 256 * 1024 * 1024)]
    public int MaxPageBytes { get; set; } = 8 * 1024 * 1024;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) => MaxBytesInFlight < 4L * Math.Max(MaxBatchBytes, MaxEventBytes)
        ? [new ValidationResult($"is {MaxBytesInFlight} and must be at least four times {nameof(MaxBatchBytes)} ({MaxBatchBytes}) and {nameof(MaxEventBytes)} ({MaxEventBytes}).", [nameof(MaxBytesInFlight)])]
        : [];
}

using System.ComponentModel.DataAnnotations;
using MassTransit;

namespace Bxb.Riders;

/// <summary>The position at which a consumer group without progress begins.</summary>
public enum StartFrom
{
    /// <summary>At the first record of the log.</summary>
    Beginning,

    /// <summary>After the position that is settled when the group first starts. Older records are never delivered to it.</summary>
    Now,
}

/// <summary>The progress of one partition of a group.</summary>
/// <param name="Topic">The Kafka topic; null for the log itself.</param>
/// <param name="Partition">The partition; 0 for the log itself.</param>
/// <param name="Position">Everything of the partition up to this position is processed.</param>
/// <param name="IsRecheck">Whether this host already owns the partition and is asked again after <see cref="ConsumerGroups.RecheckAsync"/>.</param>
public readonly record struct PartitionProgress(string? Topic, int Partition, long Position, bool IsRecheck = false);

/// <summary>Options of one consumer group.</summary>
public sealed class EventConsumerOptions
{
    /// <summary>Most records in a batch. Default 10,000; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxBatch { get; set; } = 10_000;

    /// <summary>
    /// Most bytes of text in a batch; a single larger record still makes one. Default 16 MiB; 1 KiB to 1 GiB. A partition of a group holds at most two batches: one in flight and one read
    /// ahead.
    /// </summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How long a batch is filled after its first record. Default 100 ms; 0 to 1 minute. A longer time makes larger batches and older answers. A transport with several partitions closes their
    /// batches together, up to 200 ms earlier.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Where the group begins without progress. Default: the beginning of the log. A change has no effect on a group that has progress.</summary>
    public StartFrom StartFrom { get; set; } = StartFrom.Beginning;

    /// <summary>Pause before the first retry of a batch after a transient failure. It doubles with each failure and is shortened by a random part. Default 100 ms; 1 ms to 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause between two attempts. Default 10 s; 1 ms to 10 minutes, not below <see cref="RetryDelay"/>. The number of attempts is not limited.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether a failure is transient. A batch with a transient failure is retried without limit; any other failure is taken to lie in a record, which is found by halving the batch and becomes
    /// a dead letter. Default: <see cref="TransientFaults.IsTransient"/>.
    /// </summary>
    public Func<Exception, bool> IsTransient { get; set; } = TransientFaults.IsTransient;

    /// <summary>
    /// Returns the position up to which the consumer's store durably holds everything of a partition, given the partition's progress. Called after each take-over, before the first batch, and after
    /// <see cref="ConsumerGroups.RecheckAsync"/>. If the position is below the progress, the group rewinds to it. An exception is logged, and the call is repeated after a pause. Default: none;
    /// the progress is trusted.
    /// </summary>
    public Func<IServiceProvider, PartitionProgress, CancellationToken, ValueTask<long>>? DurableProgress { get; set; }

    /// <summary>
    /// Adds to the group's pipeline before the consumer: circuit breaker, filters, concurrency limits. Default: nothing. Failures must reach the group, so do not discard them here. A message retry
    /// added here repeats a batch without <see cref="EventBatch.IsRepeat"/>; the group's own retry sets it.
    /// </summary>
    public Action<IRiderRegistrationContext, IReceiveEndpointConfigurator>? ConfigurePipeline { get; set; }
}

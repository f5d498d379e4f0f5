using System.ComponentModel.DataAnnotations;
using Bxb.Riders.Replay;
using MassTransit;

namespace Bxb.Riders;

/// <summary>Where a consumer group without progress begins.</summary>
public enum StartFrom
{
    /// <summary>At the first record of the log.</summary>
    Beginning,

    /// <summary>Behind what is settled when the group first starts; older records are never delivered to it.</summary>
    Now,
}

/// <summary>The progress of one partition of a group.</summary>
/// <param name="Topic">The Kafka topic; null for the log itself.</param>
/// <param name="Partition">The partition; 0 for the log itself.</param>
/// <param name="Position">Everything of the partition up to here is processed.</param>
/// <param name="IsRecheck">Whether this host has the partition already and is asked once more, because somebody called <see cref="ConsumerGroups.RecheckAsync"/>.</param>
public readonly record struct PartitionProgress(string? Topic, int Partition, long Position, bool IsRecheck = false);

/// <summary>How one consumer group is fed.</summary>
public sealed class EventConsumerOptions
{
    /// <summary>Most records in a batch. Default 10,000; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxBatch { get; set; } = 10_000;

    /// <summary>
    /// Most bytes of text in a batch; a single larger record still makes one. Default 16 MiB; 1 KiB to 1 GiB. A partition of a group holds two batches at most: one in
    /// hand, one read ahead.
    /// </summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How long a batch is filled after its first record is there. Default 100 ms; 0 to 1 minute. Longer makes larger batches and older answers. A transport with several partitions closes their batches together,
    /// up to 200 ms sooner.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Where the group begins when it has no progress yet. Default: the beginning of the log. Later changes have no effect on a group that has begun.</summary>
    public StartFrom StartFrom { get; set; } = StartFrom.Beginning;

    /// <summary>First pause before a batch that failed for a passing reason is tried again; it doubles with each failure, and a random part is taken off. Default 100 ms; 1 ms to 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause between two tries. Default 10 s; 1 ms to 10 minutes, not below <see cref="RetryDelay"/>. There is no last try.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Tells a failure that will pass (tried again for ever) from one that lies in a record (the batch is halved down to it, and it goes to the dead letters).
    /// Default: time-outs, I/O and database errors that call themselves transient, also as inner exceptions.
    /// </summary>
    public Func<Exception, bool> IsTransient { get; set; } = TransientFaults.IsTransient;

    /// <summary>
    /// Asked each time that this host takes a partition over, before the first batch, and whenever <see cref="ConsumerGroups.RecheckAsync"/> was called: given the partition's progress, answers the position up to which the consumer's
    /// store surely holds everything of that partition. If that is lower, the group goes back to it. What it throws is logged and asked again after a pause. Default: none, the progress is believed.
    /// </summary>
    public Func<IServiceProvider, PartitionProgress, CancellationToken, ValueTask<long>>? DurableProgress { get; set; }

    /// <summary>Gives the second copy of the group's store that a replay can be built into. Default: none, and the group can only be replayed in place.</summary>
    public Func<IServiceProvider, IShadowStore>? Shadow { get; set; }

    /// <summary>
    /// Adds to the group's pipeline (circuit breaker, filters, concurrency limits) before the consumer. Default: nothing. Faults must reach the group: do not discard them
    /// here. A message retry added here repeats a batch without <see cref="EventBatch.IsRepeat"/>; the group retries by itself, with it.
    /// </summary>
    public Action<IRiderRegistrationContext, IReceiveEndpointConfigurator>? ConfigurePipeline { get; set; }
}

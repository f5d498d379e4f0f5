using Bxb.LoadTest.Figures;

namespace Bxb.LoadTest.Report;

/// <summary>Percentiles of one kind of duration, milliseconds.</summary>
internal sealed record Percentiles(long Count, double P50, double P99, double P999, double Max)
{
    /// <summary>Of a histogram.</summary>
    public static Percentiles Of(LatencyHistogram histogram) => new(
        histogram.Count, histogram.Percentile(0.5).TotalMilliseconds, histogram.Percentile(0.99).TotalMilliseconds, histogram.Percentile(0.999).TotalMilliseconds, histogram.Max.TotalMilliseconds);
}

/// <summary>What one part of the system used.</summary>
/// <param name="Name">As <see cref="ProcessFigures"/> names it.</param>
/// <param name="CpuSecondsPerMillion">CPU seconds from the end of the warm-up until both stores were in step, for each million events acknowledged in that time.</param>
/// <param name="PeakMemoryMib">The most memory seen in the same time.</param>
internal sealed record PartUse(string Name, double CpuSecondsPerMillion, double PeakMemoryMib);

/// <summary>The figures of one run against the product or the bare twin.</summary>
internal sealed record RunFigures
{
    /// <summary>From the process's start to ready, seconds; null if it ran already.</summary>
    public double? StartSeconds { get; init; }

    /// <summary>Events acknowledged in the measured time, duplicates included.</summary>
    public long AcknowledgedEvents { get; init; }

    /// <summary>The same a second.</summary>
    public double AcknowledgedPerSecond { get; init; }

    /// <summary>From the intended time of a request (with a rate) or its sending (flat out) to its answer.</summary>
    public required Percentiles AckLatency { get; init; }

    /// <summary>Answers 429 and 503, of the whole run.</summary>
    public long Throttled { get; init; }

    /// <summary>Requests sent again because a connection broke, of the whole run.</summary>
    public long Resent { get; init; }

    /// <summary>Events that became visible in ClickHouse in the measured time, a second; null for the twin.</summary>
    public double? ClickHousePerSecond { get; init; }

    /// <summary>From an acknowledgement to being seen by a usage query; null if it was not measured.</summary>
    public Percentiles? Freshness { get; init; }

    /// <summary>The largest lag of the analytics group that was seen, seconds.</summary>
    public double MaxLagSeconds { get; init; }

    /// <summary>The largest lag of the analytics group that was seen, events.</summary>
    public long MaxLagEvents { get; init; }

    /// <summary>The lag when the load ended, events.</summary>
    public long LagAtEndEvents { get; init; }

    /// <summary>From the last acknowledgement until both stores covered it, seconds; null for the twin.</summary>
    public double? InStepSeconds { get; init; }

    /// <summary>CPU and memory by part.</summary>
    public IReadOnlyList<PartUse> Parts { get; init; } = [];

    /// <summary>Different events that were acknowledged in the whole run, which the stores must hold.</summary>
    public long DifferentEvents { get; init; }

    /// <summary>What does not agree; empty: everything does.</summary>
    public required IReadOnlyList<string> Differences { get; init; }
}

/// <summary>Everything that was measured, with the machine and the load.</summary>
internal sealed record LoadReport(string Machine, string Load, DateTimeOffset At, RunFigures Product, RunFigures? Bare)
{
    /// <summary>Acknowledged events of the product for each of the twin.</summary>
    public double? Ratio => Bare is null ? null : Product.AcknowledgedPerSecond / Bare.AcknowledgedPerSecond;

    /// <summary>Whether log, ClickHouse and what was acknowledged agree exactly, and the twin's log as well.</summary>
    public bool Agrees => Product.Differences.Count == 0 && Bare is not { Differences.Count: > 0 };
}

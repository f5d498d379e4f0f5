using System.Globalization;

namespace Bxb.KafkaBench;

/// <summary>What is measured, and with how much.</summary>
internal sealed record BenchSettings
{
    /// <summary>Events in the log and records in each topic.</summary>
    public int Events { get; init; } = 1_000_000;

    /// <summary>Customers that they are spread over; the partition goes by the customer.</summary>
    public int Customers { get; init; } = 10_000;

    /// <summary>Partition counts; each gets a topic of its own.</summary>
    public IReadOnlyList<int> Partitions { get; init; } = [1, 12];

    /// <summary>How often the plain loop and the rider take turns. One more round of each comes first and counts for nothing.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>The most records in a batch of the rider.</summary>
    public int Batch { get; init; } = 5_000;

    /// <summary>A folder with the script that starts a broker.</summary>
    public string? KafkaHome { get; init; }

    /// <summary>A cluster that runs already, instead.</summary>
    public string? BootstrapServers { get; init; }

    /// <summary>The first thing that is wrong; null if nothing is.</summary>
    public string? Fault()
    {
        if ((KafkaHome is null) == (BootstrapServers is null))
        {
            return "Give either --kafka-home (or BXB_KAFKA_HOME) or --bootstrap-servers.";
        }

        return Partitions.Select(p => Range("--partitions", p, 1, 1_000)).FirstOrDefault(f => f is not null)
            ?? Range("--events", Events, 10_000, 100_000_000) ?? Range("--customers", Customers, 1, 10_000_000) ?? Range("--rounds", Rounds, 1, 100) ?? Range("--batch", Batch, 1, 1_000_000);
    }

    private static string? Range(string option, double value, double from, double to)
        => value >= from && value <= to ? null : string.Create(CultureInfo.InvariantCulture, $"{option} must be {from:N0} to {to:N0}.");
}

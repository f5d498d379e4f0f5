using System.Globalization;

namespace Bxb.Testing;

/// <summary>How long the long suites on Kafka are: a quarter of the full measure by default, and all of it at 4.</summary>
public static class KafkaStorm
{
    /// <summary>Sets it.</summary>
    public const string Variable = "BXB_KAFKA_STORM";

    private const int Full = 4;

    private static readonly int Given = int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out var given) ? given : 1;

    /// <summary>How often this run does what the full measure does so often.</summary>
    public static int Times(int full) => Math.Max(1, ((full * Given) + Full - 1) / Full);
}

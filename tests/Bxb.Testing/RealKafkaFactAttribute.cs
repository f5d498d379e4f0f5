using Xunit;

namespace Bxb.Testing;

/// <summary>A test that only real brokers can answer, such as one that kills them. Skipped where there are none.</summary>
public sealed class RealKafkaFactAttribute : FactAttribute
{
    public RealKafkaFactAttribute()
    {
        if (TestKafka.Home is null)
        {
            Skip = $"{TestKafka.Variable} names no Kafka to start.";
        }
    }
}

using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Kafka refuses, or does not answer. The message is a sentence for an operator; the caller tries again.</summary>
internal sealed class KafkaFaultException(string message, Error error) : IOException($"{message}: {error.Reason} ({error.Code})")
{
    /// <summary>Kafka's own code.</summary>
    public ErrorCode Code => error.Code;

    /// <summary>Whether the client is of no more use.</summary>
    public bool IsFatal { get; init; }
}

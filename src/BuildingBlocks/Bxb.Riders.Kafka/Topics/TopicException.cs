namespace Bxb.Riders.Kafka.Topics;

/// <summary>A topic is not as it must be, cannot be made, or the brokers do not say. The message is one sentence for an operator. Trying again may help: somebody may have mended it.</summary>
internal sealed class TopicException(string message, Exception? inner = null) : IOException(message, inner);

namespace Bxb.Riders.Kafka.Topics;

/// <summary>A topic does not fit, cannot be made, or the brokers do not answer about it. The message is one sentence for an operator, who may mend it, so the caller tries again.</summary>
internal sealed class TopicException(string message, Exception? inner = null) : IOException(message, inner);

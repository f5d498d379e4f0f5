namespace Bxb.Riders.Kafka.Native;

/// <summary>The native library below the Kafka client is not to be had or does not load. The message says why, and what to do.</summary>
internal sealed class KafkaLibraryException : IOException
{
    public KafkaLibraryException(string message)
        : base(message)
    {
    }

    public KafkaLibraryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

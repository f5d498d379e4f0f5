namespace Bxb.Riders.Kafka.Relay;

/// <summary>A flush did not come through. The message is one sentence; the relay goes back to what it has stored and tries again.</summary>
internal sealed class RelayException(string message, Exception? inner = null) : IOException(message, inner);

using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>Makes the messages of the topic: a record whole, or a note of its position where it is too large. Not thread-safe.</summary>
/// <param name="limit">The largest record that the topic takes, in bytes before compression.</param>
/// <param name="options">The topic, and the largest record that it is to take.</param>
internal sealed class RelayMessages(int limit, KafkaOptions options)
{
    /// <summary>What the wire adds at most to a record that stands alone: the batch's head, and the record's own numbers.</summary>
    public const int WireBytes = 128;

    private const int HeaderBytes = 8;

    private readonly UsageEventWriter _writer = new();

    /// <summary>The message of a record, whatever its size, and that size: at least what it takes on the wire when it stands alone, uncompressed.</summary>
    public (Message<byte[], byte[]> Message, int Bytes) Whole(EventRecord record, byte[] key)
    {
        var message = new Message<byte[], byte[]> { Key = key, Value = _writer.Write(record).ToArray(), Headers = CloudEventHeaders.Create(record) };
        var bytes = WireBytes + key.Length + message.Value.Length;
        foreach (var header in message.Headers)
        {
            bytes += HeaderBytes + header.Key.Length + header.GetValueBytes().Length;
        }

        return (message, bytes);
    }

    /// <summary>Whether a record of this size is too large for the topic.</summary>
    public bool IsTooLarge(int bytes) => bytes > limit;

    /// <summary>The note in the place of a record of this size.</summary>
    public Message<byte[], byte[]> Note(long position, byte[] key, int bytes) =>
        new() { Key = key, Value = OmittedEvent.Write(position, bytes, limit), Headers = CloudEventHeaders.CreateOmitted(position) };

    /// <summary>Why a record of this size is not in the topic, one sentence.</summary>
    public string Describe(int bytes) => limit < options.MaxRecordBytes
        ? $"The record has {bytes} bytes, and the topic {options.Topic} takes {limit} (max.message.bytes)."
        : $"The record has {bytes} bytes, and Bxb:Kafka:MaxRecordBytes is {limit}.";
}

using System.Buffers;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Takes a value out of the client's memory without an object for each: into one buffer that the polling thread copies from before it asks for the next.</summary>
/// <remarks>Used by the thread that polls, only.</remarks>
internal sealed class ValueReader : IDeserializer<int>, IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _length;

    /// <summary>The last value.</summary>
    public ReadOnlySpan<byte> Value => _buffer.AsSpan(0, _length);

    /// <summary>Called by the client.</summary>
    public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        if (data.Length > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        }

        data.CopyTo(_buffer);
        return _length = data.Length;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}

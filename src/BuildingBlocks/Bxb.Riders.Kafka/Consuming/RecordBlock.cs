using System.Buffers;

namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Values of one partition as they came, in order, over one pooled buffer: how they get from the polling thread to the one that reads them.</summary>
/// <remarks>Filled by the polling thread, then read by one reader, who disposes of it.</remarks>
internal sealed class RecordBlock : IDisposable
{
    private const int Bytes = 256 * 1024;
    private const int Records = 1024;

    private readonly (long Offset, int Start, int Length)[] _entries = ArrayPool<(long, int, int)>.Shared.Rent(Records);
    private byte[] _buffer;
    private int _written;

    /// <summary>An empty one.</summary>
    /// <param name="seek">Number of the seek of the partition that it follows.</param>
    /// <param name="atLeast">The first value's size, in bytes.</param>
    public RecordBlock(int seek, int atLeast)
    {
        Seek = seek;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(Bytes, atLeast));
    }

    /// <summary>Number of the seek of the partition that it follows.</summary>
    public int Seek { get; }

    /// <summary>The number of values.</summary>
    public int Count { get; private set; }

    /// <summary>What it takes of the memory that a partition may use.</summary>
    public int SizeInBytes => _buffer.Length;

    /// <summary>Copies a value in; false when there is no room.</summary>
    public bool TryAdd(long offset, ReadOnlySpan<byte> value)
    {
        if (Count == Records || _buffer.Length - _written < value.Length)
        {
            return false;
        }

        value.CopyTo(_buffer.AsSpan(_written));
        _entries[Count++] = (offset, _written, value.Length);
        _written += value.Length;
        return true;
    }

    /// <summary>The value at an index, valid until disposal.</summary>
    public ReadOnlySpan<byte> Value(int index) => _buffer.AsSpan(_entries[index].Start, _entries[index].Length);

    /// <summary>Its offset in the partition.</summary>
    public long Offset(int index) => _entries[index].Offset;

    /// <summary>Gives the buffers back. Once.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        ArrayPool<(long, int, int)>.Shared.Return(_entries);
        _buffer = [];
        Count = 0;
    }
}

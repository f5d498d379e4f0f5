using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Writes rows in ClickHouse's RowBinary format into one pooled buffer that grows: values one after the other, little-endian, no separators.</summary>
/// <remarks>
/// Not thread-safe. The writer owns the buffer until <see cref="Dispose"/>; <see cref="WrittenMemory"/> is valid until the next write, <see cref="Clear"/> or
/// <see cref="Dispose"/>. Which values make a row is the caller's affair: the format does not say.
/// </remarks>
public sealed class RowBinaryWriter(int bytes = 64 * 1024) : IDisposable
{
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(bytes);
    private int _written;

    /// <summary>What was written so far.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => Buffer.AsMemory(0, _written);

    /// <summary>Bytes written so far.</summary>
    public int WrittenBytes => _written;

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(RowBinaryWriter));

    /// <summary>Forgets what was written; a buffer larger than the limit goes back to the pool, so that one huge batch does not keep its memory.</summary>
    /// <param name="keepBytes">Largest buffer to keep.</param>
    public void Clear(int keepBytes = int.MaxValue)
    {
        _written = 0;
        if (Buffer.Length > keepBytes)
        {
            ArrayPool<byte>.Shared.Return(Buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        }
    }

    /// <summary>Writes a UInt8, a Bool (0 or 1), or the mark before a Nullable value (1: NULL, nothing follows; 0: the value follows).</summary>
    public void WriteUInt8(byte value) => Take(1)[0] = value;

    /// <summary>Writes a UInt16, or a Date: days since 1970-01-01.</summary>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    /// <summary>Writes a UInt32, or a DateTime: seconds since 1970-01-01T00:00:00Z.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    /// <summary>Writes a UInt64.</summary>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Writes an Int32.</summary>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    /// <summary>Writes an Int64, or a DateTime64(p): 10^-p seconds since 1970-01-01T00:00:00Z.</summary>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    /// <summary>Writes a Float64.</summary>
    public void WriteFloat64(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    /// <summary>Writes a length in base 128, lowest seven bits first: before a String's bytes, or an Array's values.</summary>
    public void WriteLength(uint value)
    {
        while (value >= 0x80)
        {
            WriteUInt8((byte)(value | 0x80));
            value >>= 7;
        }

        WriteUInt8((byte)value);
    }

    /// <summary>Writes a String: its length in bytes, then the bytes. Any bytes will do.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        WriteLength((uint)utf8.Length);
        utf8.CopyTo(Take(utf8.Length));
    }

    /// <summary>Writes a String as UTF-8.</summary>
    public void WriteString(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        WriteLength((uint)length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    /// <summary>Gives the buffer back to the pool. A second call does nothing.</summary>
    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Take(int count)
    {
        if (Buffer.Length - _written < count)
        {
            Grow(count);
        }

        var span = Buffer.AsSpan(_written, count);
        _written += count;
        return span;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_written + count), (int)Math.Min(Buffer.Length * 2L, Array.MaxLength)));
        Buffer.AsSpan(0, _written).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(Buffer);
        _buffer = larger;
    }
}

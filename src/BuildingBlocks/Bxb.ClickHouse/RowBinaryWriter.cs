using System.Buffers.Binary;
using System.Text;
using Bxb.Primitives.Buffers;

namespace Bxb.ClickHouse;

/// <summary>Writes rows in ClickHouse's RowBinary format into one pooled buffer that grows: values one after the other, little-endian, no separators.</summary>
/// <remarks>
/// Not thread-safe. The writer owns the buffer until <see cref="Dispose"/>; <see cref="WrittenMemory"/> is valid until the next write, <see cref="Clear"/> or
/// <see cref="Dispose"/>. The format does not mark rows.
/// </remarks>
public sealed class RowBinaryWriter(int bytes = 64 * 1024) : IDisposable
{
    private readonly ArrayPoolBufferWriter<byte> _rows = new(bytes);

    /// <summary>The bytes written.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _rows.WrittenMemory;

    /// <summary>Removes the bytes written. A buffer larger than the limit is returned to the pool, so that one huge batch does not hold its memory.</summary>
    /// <param name="keepBytes">Largest buffer to keep.</param>
    public void Clear(int keepBytes = int.MaxValue) => _rows.Clear(keepBytes);

    /// <summary>Writes a UInt8, a Bool (0 or 1), or the byte before a Nullable value (1: NULL, nothing follows; 0: the value follows).</summary>
    public void WriteUInt8(byte value) => _rows.Take(1)[0] = value;

    /// <summary>Writes a UInt32, or a DateTime: seconds since 1970-01-01T00:00:00Z.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_rows.Take(4), value);

    /// <summary>Writes a UInt64.</summary>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_rows.Take(8), value);

    /// <summary>Writes an Int64, or a DateTime64(p): 10^-p seconds since 1970-01-01T00:00:00Z.</summary>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(_rows.Take(8), value);

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

    /// <summary>Writes a String: its length in bytes, then the bytes. They need not be UTF-8.</summary>
    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        WriteLength((uint)utf8.Length);
        _rows.Write(utf8);
    }

    /// <summary>Writes a String as UTF-8.</summary>
    public void WriteString(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        WriteLength((uint)length);
        Encoding.UTF8.GetBytes(value, _rows.Take(length));
    }

    /// <summary>Returns the buffer to the pool. A second call does nothing.</summary>
    public void Dispose() => _rows.Dispose();
}

using System.Buffers;

namespace Bxb.Modularity.Http;

/// <summary>The bytes of a body in one pooled buffer, counted by the request's lease as they arrive. Not thread-safe.</summary>
/// <remarks>The request owns it until <see cref="Dispose"/>; its spans and memory are invalid afterwards.</remarks>
public sealed class PooledBytes : IDisposable
{
    private const int FirstPiece = 64 * 1024;
    private readonly AdmissionLease? _lease;
    private readonly int _limit;
    private byte[] _buffer = [];
    private int _counted;

    internal PooledBytes(AdmissionLease? lease, int limit)
    {
        _lease = lease;
        _limit = limit;
    }

    /// <summary>The number of bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes that were written.</summary>
    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    /// <summary>The bytes that were written.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Length);

    /// <summary>Whether one more byte would exceed the limit.</summary>
    internal bool IsFull => Length == _limit;

    /// <summary>The buffer; its first <see cref="Length"/> bytes are written.</summary>
    internal byte[] Buffer => _buffer;

    /// <summary>The free space after the bytes, within the limit; empty before the first <see cref="TryGrow"/>.</summary>
    internal Span<byte> Room => _buffer.AsSpan(Length, _counted - Length);

    /// <inheritdoc />
    public void Dispose()
    {
        Return();
        _lease?.Remove(_counted);
        _buffer = [];
        _counted = 0;
        Length = 0;
    }

    /// <summary>Counts bytes that were written into <see cref="Room"/>; a negative number removes the last ones.</summary>
    internal void Advance(int bytes) => Length += bytes;

    /// <summary>Makes room for at least one more byte. Must not be called if <see cref="IsFull"/>.</summary>
    /// <param name="expected">The expected length, 0 if unknown. At most four times the arrived bytes are allocated for it.</param>
    /// <returns>False, without a change, if the host is at its limit.</returns>
    internal bool TryGrow(long expected)
    {
        var wanted = expected > Length ? Math.Min(expected, Math.Max(FirstPiece, Length * 4L)) : Math.Max(4096, Length * 2L);
        var size = (int)Math.Min(wanted, _limit);
        if (_lease?.TryAdd(size - _counted) == false)
        {
            return false;
        }

        var larger = ArrayPool<byte>.Shared.Rent(size);
        Span.CopyTo(larger);
        Return();
        _buffer = larger;
        _counted = size;
        return true;
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}

using System.Buffers;
using Bxb.Ingestion.Intake;

namespace Bxb.Ingestion.Readers;

/// <summary>Bytes of a body in one buffer from the pool, counted with the request's lease as they come. Not thread-safe.</summary>
/// <remarks>Owned by the request, until <see cref="Dispose"/>; every span of it is dead after that.</remarks>
internal sealed class PooledBytes(AdmissionLease lease, int limit) : IDisposable
{
    private const int FirstPiece = 64 * 1024;
    private byte[] _buffer = [];
    private int _counted;

    /// <summary>Bytes that are in.</summary>
    public int Length { get; private set; }

    /// <summary>Whether one more byte would be one too many.</summary>
    public bool IsFull => Length == limit;

    /// <summary>What is in.</summary>
    public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    /// <summary>The buffer itself, for streams that want one; <see cref="Length"/> bytes of it are filled.</summary>
    public byte[] Buffer => _buffer;

    /// <summary>The room behind what is in, never past the limit; empty before the first <see cref="TryGrow"/>.</summary>
    public Memory<byte> Room => _buffer.AsMemory(Length, _counted - Length);

    /// <summary>Counts bytes that were written into <see cref="Room"/>.</summary>
    public void Advance(int bytes) => Length += bytes;

    /// <summary>Makes room for at least one byte more. Not to be called when <see cref="IsFull"/>.</summary>
    /// <param name="expected">How long the whole will be, 0 if unknown. No more than four times what has come is taken for a promise of more.</param>
    /// <returns>False if the host is at its limit; nothing has changed then.</returns>
    public bool TryGrow(long expected)
    {
        var wanted = expected > Length ? Math.Min(expected, Math.Max(FirstPiece, Length * 4L)) : Math.Max(4096, Length * 2L);
        var size = (int)Math.Min(wanted, limit);
        if (!lease.TryAdd(size - _counted))
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

    /// <inheritdoc />
    public void Dispose()
    {
        Return();
        lease.Remove(_counted);
        _buffer = [];
        _counted = 0;
        Length = 0;
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}

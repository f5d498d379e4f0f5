using System.Buffers;
using System.Runtime.CompilerServices;

namespace Bxb.Primitives.Buffers;

/// <summary>A growable buffer over one array of the shared pool. Not thread-safe.</summary>
/// <remarks>
/// The writer owns the array until <see cref="Dispose"/>. Spans and memory of it are valid until the next call that can grow or release it. After <see cref="Dispose"/>
/// <see cref="WrittenCount"/> is 0 and everything else throws <see cref="ObjectDisposedException"/>.
/// </remarks>
/// <param name="capacity">The initial number of elements. The buffer at least doubles when it is full.</param>
public sealed class ArrayPoolBufferWriter<T>(int capacity) : IBufferWriter<T>, IDisposable
{
    private T[]? _buffer = ArrayPool<T>.Shared.Rent(capacity);
    private int _written;

    /// <summary>The number of elements written.</summary>
    public int WrittenCount => _written;

    /// <summary>The elements written.</summary>
    public Span<T> WrittenSpan => Buffer.AsSpan(0, _written);

    /// <summary>The elements written.</summary>
    public ReadOnlyMemory<T> WrittenMemory => Buffer.AsMemory(0, _written);

    private T[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(ArrayPoolBufferWriter<>));

    /// <inheritdoc />
    public Span<T> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return Buffer.AsSpan(_written);
    }

    /// <inheritdoc />
    public Memory<T> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return Buffer.AsMemory(_written);
    }

    /// <summary>Counts elements that were written into <see cref="GetSpan"/> or <see cref="GetMemory"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative or exceeds the free space.</exception>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Buffer.Length - _written), nameof(count));
        _written += count;
    }

    /// <summary>Appends elements that the caller fills in; their content is undefined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Take(int count)
    {
        Reserve(count);
        var span = Buffer.AsSpan(_written, count);
        _written += count;
        return span;
    }

    /// <summary>Appends one element.</summary>
    public void Add(in T element) => Take(1)[0] = element;

    /// <summary>Appends a copy of the elements.</summary>
    public void Write(ReadOnlySpan<T> elements) => elements.CopyTo(Take(elements.Length));

    /// <summary>Removes the elements behind the first <paramref name="count"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer elements are written.</exception>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)_written, nameof(count));
        _written = count;
    }

    /// <summary>Removes all elements. An array larger than <paramref name="keep"/> goes back to the pool, so that one large use does not hold its memory.</summary>
    /// <param name="keep">The length of the largest array to keep, and of the one that replaces a larger one at most.</param>
    public void Clear(int keep = int.MaxValue)
    {
        _written = 0;
        if (Buffer.Length > keep)
        {
            ArrayPool<T>.Shared.Return(Buffer);
            _buffer = ArrayPool<T>.Shared.Rent(Math.Min(capacity, keep));
        }
    }

    /// <summary>Returns the array to the pool. A second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            _written = 0;
            ArrayPool<T>.Shared.Return(buffer);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int count)
    {
        if (Buffer.Length - _written < count)
        {
            Grow(count);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(checked(_written + count), (int)Math.Min(Buffer.Length * 2L, Array.MaxLength)));
        WrittenSpan.CopyTo(larger);
        ArrayPool<T>.Shared.Return(Buffer);
        _buffer = larger;
    }
}

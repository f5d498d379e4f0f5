using System.Buffers;
using System.Buffers.Binary;

namespace Bxb.EventLog.Reading;

/// <summary>Splits the stream of a binary COPY into tuples. Owns a pooled buffer until it is disposed; not thread-safe.</summary>
internal sealed class BinaryTuples(Stream stream) : IDisposable
{
    private const int HeaderBytes = 11 + sizeof(int) + sizeof(int);
    private static readonly byte[] Signature = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8];

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _start;
    private int _end;
    private int _tuple;

    /// <summary>The fields of the current tuple: each a length, -1 for null, and its bytes. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Tuple => _buffer.AsSpan(_tuple, _start - _tuple);

    public async ValueTask ReadHeaderAsync(CancellationToken ct)
    {
        await FillAsync(HeaderBytes, ct);
        var header = _buffer.AsSpan(_start, HeaderBytes);
        if (!header.StartsWith(Signature))
        {
            throw new InvalidDataException("PostgreSQL's COPY does not start with its signature.");
        }

        var extension = BinaryPrimitives.ReadInt32BigEndian(header[(HeaderBytes - sizeof(int))..]);
        _start += HeaderBytes;
        await FillAsync(extension, ct);
        _start += extension;
    }

    /// <summary>Reads the next tuple; returns false after the last one.</summary>
    public ValueTask<bool> NextAsync(CancellationToken ct) =>
        TryNext(out var missing) ? new ValueTask<bool>(true) : missing == 0 ? new ValueTask<bool>(false) : NextSlowAsync(missing, ct);

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<bool> NextSlowAsync(int missing, CancellationToken ct)
    {
        while (missing > 0)
        {
            await FillAsync(_end - _start + missing, ct);
            if (TryNext(out missing))
            {
                return true;
            }
        }

        return false;
    }

    // On false, missing is the number of bytes to read before the next attempt; 0 at the end.
    private bool TryNext(out int missing)
    {
        var available = _buffer.AsSpan(_start, _end - _start);
        if (available.Length < sizeof(short))
        {
            missing = sizeof(short) - available.Length;
            return false;
        }

        var fields = BinaryPrimitives.ReadInt16BigEndian(available);
        missing = 0;
        if (fields < 0)
        {
            return false;
        }

        var at = sizeof(short);
        for (var i = 0; i < fields; i++)
        {
            if (available.Length < at + sizeof(int))
            {
                missing = at + sizeof(int) - available.Length;
                return false;
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(available[at..]);
            at += sizeof(int) + Math.Max(length, 0);
            if (available.Length < at)
            {
                missing = at - available.Length;
                return false;
            }
        }

        _tuple = _start + sizeof(short);
        _start += at;
        return true;
    }

    private async ValueTask FillAsync(int needed, CancellationToken ct)
    {
        if (_buffer.Length - _start < needed)
        {
            var target = _buffer.Length >= needed ? _buffer : ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(_start, _end - _start).CopyTo(target);
            if (!ReferenceEquals(target, _buffer))
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = target;
            }

            _end -= _start;
            _start = 0;
        }

        while (_end - _start < needed)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), ct);
            if (read == 0)
            {
                throw new EndOfStreamException("PostgreSQL's COPY ended within a tuple.");
            }

            _end += read;
        }
    }
}

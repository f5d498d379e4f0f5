using System.Buffers;

namespace Bxb.ClickHouse;

/// <summary>The bytes of an answer as they arrive. The end of the answer must prove that it is complete.</summary>
/// <remarks>
/// Not thread-safe. Owns the response, the clock and a pooled buffer until <see cref="DisposeAsync"/>. The last 17 KiB are held back until the end was read, because they can contain an error.
/// </remarks>
internal sealed class AnswerStream(HttpResponseMessage response, Stream stream, AnswerTrailer trailer, StatementClock clock) : IAsyncDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _start;
    private int _end;

    /// <summary>Whether the end was read, with the trailer before it.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>The available bytes, without those held back and without the trailer; valid until <see cref="FillAsync"/>.</summary>
    internal ReadOnlySpan<byte> Data => _buffer.AsSpan(_start, Math.Max(0, _end - (HasEnded ? trailer.Length : LateException.HoldBackBytes) - _start));

    internal ReadOnlySpan<byte> Bytes(int start, int length) => _buffer.AsSpan(_start + start, length);

    internal void Advance(int bytes) => _start += bytes;

    /// <summary>Waits for more bytes, or the end.</summary>
    /// <exception cref="ClickHouseException">The answer is broken off or ends without the trailer, or the time limit has passed.</exception>
    internal async ValueTask FillAsync()
    {
        MakeRoom();
        int read;
        try
        {
            read = await stream.ReadAsync(_buffer.AsMemory(_end), clock.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // A server that breaks off sends the reason before it closes the connection.
            throw Late() ?? clock.Translate(e);
        }

        _end += read;
        if (read == 0)
        {
            HasEnded = trailer.Ends(_buffer.AsSpan(_start, _end - _start)) ? true : throw Late() ?? ClickHouseErrors.Unproven("it ends too soon");
        }
    }

    public async ValueTask DisposeAsync()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await stream.DisposeAsync();
            response.Dispose();
            clock.Dispose();
        }
    }

    private ClickHouseException? Late() => LateException.Find(_buffer.AsSpan(_start, _end - _start), LateException.TagOf(response));

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_end, _start) = (_end - _start, 0);
        }

        if (_buffer.Length - _end >= 16 * 1024)
        {
            return;
        }

        if (_buffer.Length >= ClickHouseResult.MaxRowBytes + (1024 * 1024))
        {
            throw ClickHouseErrors.Malformed("a row is longer than 64 MiB");
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

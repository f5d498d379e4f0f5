namespace Bxb.Host.Cli.Import;

/// <summary>Result of <see cref="LineReader.ReadAsync"/>.</summary>
internal enum LineKind
{
    /// <summary>The end of the file.</summary>
    End,

    /// <summary>A line that is not blank.</summary>
    Line,

    /// <summary>A line beyond the bound, which was skipped.</summary>
    TooLong,
}

/// <summary>Reads lines of a stream in bounded memory. Lines end with LF or CRLF; the last one need not. Skips blank lines and a byte order mark at the start.</summary>
/// <remarks>Not thread-safe. Holds one buffer of up to the bound. The caller disposes the stream.</remarks>
internal sealed class LineReader(Stream stream, int maxLineBytes)
{
    private byte[] _buffer = new byte[Math.Min(64 * 1024, maxLineBytes + 2)];
    private int _start;
    private int _end;
    private bool _ended;
    private bool _begun;

    /// <summary>Number of the last line, from 1. Blank lines count.</summary>
    public long Number { get; private set; }

    /// <summary>Bytes of the stream up to the end of the last line.</summary>
    public long Consumed { get; private set; }

    /// <summary>The line without its end. Valid until the next read.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Moves to the next line that is not blank.</summary>
    public async ValueTask<LineKind> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var feed = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (feed < 0 && !_ended)
            {
                if (_end - _start > maxLineBytes + 1)
                {
                    await SkipAsync(cancellationToken);
                    return LineKind.TooLong;
                }

                await FillAsync(cancellationToken);
                continue;
            }

            if (feed < 0 && _start == _end)
            {
                return LineKind.End;
            }

            var length = feed < 0 ? _end - _start : feed;
            var line = _buffer.AsMemory(_start, length);
            Take(feed < 0 ? length : length + 1);
            if (line.Span.EndsWith("\r"u8))
            {
                line = line[..^1];
            }

            if (line.Length > maxLineBytes)
            {
                return LineKind.TooLong;
            }

            if (line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                Current = line;
                return LineKind.Line;
            }
        }
    }

    private void Take(int bytes)
    {
        _start += bytes;
        Consumed += bytes;
        Number++;
    }

    private async ValueTask SkipAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var feed = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                Take(feed + 1);
                return;
            }

            Consumed += _end - _start;
            _start = _end = 0;
            await FillAsync(cancellationToken);
            if (_ended)
            {
                Take(_end - _start);
                return;
            }
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            // Doubled up to the bound plus CRLF.
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, maxLineBytes + 2));
        }

        var read = await stream.ReadAtLeastAsync(_buffer.AsMemory(_end), _begun ? 1 : 3, throwOnEndOfStream: false, cancellationToken);
        _ended = read == 0;
        _end += read;
        if (!_begun)
        {
            _begun = true;
            if (_buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8))
            {
                _start = 3;
                Consumed = 3;
            }
        }
    }
}

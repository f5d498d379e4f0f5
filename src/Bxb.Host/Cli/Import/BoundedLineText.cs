namespace Bxb.Host.Cli.Import;

/// <summary>Passes text on and ends it with an error where one line grows beyond a bound: the CSV parser behind it holds a whole line.</summary>
internal sealed class BoundedLineText(TextReader inner, int maxLineCharacters) : TextReader
{
    private int _length;

    /// <inheritdoc />
    /// <exception cref="InvalidDataException">A line is too long.</exception>
    public override async ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        return Counted(buffer.Span, read);
    }

    /// <inheritdoc />
    public override async Task<int> ReadAsync(char[] buffer, int index, int count) => await ReadAsync(buffer.AsMemory(index, count));

    /// <inheritdoc />
    public override int Read(Span<char> buffer) => Counted(buffer, inner.Read(buffer));

    /// <inheritdoc />
    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Counted(ReadOnlySpan<char> buffer, int read)
    {
        // Called with some thousand characters at a time, so counting from the last line feed bounds a line well enough.
        var feed = buffer[..read].LastIndexOf('\n');
        _length = feed >= 0 ? read - feed - 1 : _length + read;
        return _length <= maxLineCharacters ? read : throw new InvalidDataException("A line is too long.");
    }
}

namespace Bxb.Host.Cli.Import;

/// <summary>Passes text on, and throws when a line exceeds a bound: the CSV parser holds a whole line in memory.</summary>
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
        // Reads have some thousand characters, so counting from the last line feed is exact enough.
        var feed = buffer[..read].LastIndexOf('\n');
        _length = feed >= 0 ? read - feed - 1 : _length + read;
        return _length <= maxLineCharacters ? read : throw new InvalidDataException("A line is too long.");
    }
}

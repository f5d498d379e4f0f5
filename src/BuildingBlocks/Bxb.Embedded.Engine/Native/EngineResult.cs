namespace Bxb.Embedded.Engine.Native;

/// <summary>A result, or a piece of one, in the engine's memory until it is disposed. The receiver disposes it. Not thread-safe.</summary>
internal sealed class EngineResult(EngineLibrary library, nint pointer) : IDisposable
{
    private nint _pointer = pointer;

    public nint Pointer => _pointer;

    /// <summary>The engine's error text, or null.</summary>
    public string? Error { get; } = library.Error(pointer);

    /// <summary>The formatted rows; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Bytes => library.Bytes(_pointer);

    /// <summary>Number of rows that an INSERT wrote.</summary>
    public ulong RowsWritten => library.RowsWritten(_pointer);

    /// <summary>Throws the engine's error, if there is one.</summary>
    /// <exception cref="EngineException">The engine reported an error.</exception>
    public void ThrowIfFailed()
    {
        if (Error is not null)
        {
            throw EngineException.Parse(Error);
        }
    }

    public void Dispose()
    {
        if (_pointer != 0)
        {
            library.Destroy(_pointer);
            _pointer = 0;
        }
    }
}

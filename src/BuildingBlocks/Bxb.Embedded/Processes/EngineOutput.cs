namespace Bxb.Embedded.Processes;

/// <summary>
/// Reads the output of a child process to its end, because a full pipe would block the child. Passes each line that is not blank on, and keeps the last five for error messages. Thread-safe.
/// </summary>
internal sealed class EngineOutput(Action<string> onLine)
{
    private const int KeptLines = 5;

    private readonly Queue<string> _lines = new();

    /// <summary>A sentence with the last lines, the oldest first.</summary>
    public string LastWords
    {
        get
        {
            lock (_lines)
            {
                return _lines.Count == 0 ? "There was no output." : $"Its last output: {string.Join(" | ", _lines)}";
            }
        }
    }

    /// <summary>Reads until the last process closes the pipe.</summary>
    public async Task ReadAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                lock (_lines)
                {
                    if (_lines.Count == KeptLines)
                    {
                        _lines.Dequeue();
                    }

                    _lines.Enqueue(line);
                }

                onLine(line);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process was disposed while a child of it still held the pipe.
            return;
        }
    }
}

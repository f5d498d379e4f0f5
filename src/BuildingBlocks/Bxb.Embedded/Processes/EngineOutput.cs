namespace Bxb.Embedded.Processes;

/// <summary>
/// Reads a child's output to its end, hands each line that is not blank on and keeps the last ones for an error message. Thread-safe. Reading goes on
/// for the child's whole life: a full pipe would stop it.
/// </summary>
internal sealed class EngineOutput(Action<string> onLine)
{
    private const int KeptLines = 5;

    private readonly Queue<string> _lines = new();

    /// <summary>A sentence with the last lines, oldest first.</summary>
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

    /// <summary>Reads until the writing end is closed by the last process that holds it.</summary>
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
            // The process object was disposed while an orphan still held the pipe: nobody listens any more.
            return;
        }
    }
}

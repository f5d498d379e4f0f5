using System.Buffers;
using System.Net;

namespace Bxb.Host.Cli.Import;

/// <summary>Events for one request: their JSON, comma-separated, in one buffer, and the line of each.</summary>
/// <remarks>Not thread-safe. The reader owns a batch until it is full, then the sender that takes it from the channel; afterwards it is reused. An import has a fixed number of batches.</remarks>
internal sealed class ImportBatch(int maxEvents)
{
    private readonly ArrayBufferWriter<byte> _json = new(64 * 1024);
    private readonly List<(long Line, int Start, int End)> _events = new(maxEvents);

    /// <summary>Number of the batch in the import, from 0.</summary>
    public long Number { get; private set; }

    /// <summary>The number of events.</summary>
    public int Count => _events.Count;

    /// <summary>Whether the next event goes into the next batch.</summary>
    public bool IsFull => _events.Count >= maxEvents || _json.WrittenCount >= ImportSettings.BatchBytes;

    /// <summary>The last line of the file before the next batch.</summary>
    public long LastLine { get; set; }

    /// <summary>Bytes of the file before the next batch.</summary>
    public long FileBytes { get; set; }

    /// <summary>Clears the batch for its next use.</summary>
    public void Reset(long number)
    {
        Number = number;
        _json.ResetWrittenCount();
        _events.Clear();
    }

    /// <summary>The buffer for the next event's JSON. <see cref="End"/> completes the event.</summary>
    public IBufferWriter<byte> Begin()
    {
        if (_events.Count > 0)
        {
            _json.Write(","u8);
        }

        return _json;
    }

    /// <summary>Completes the event that was written since <see cref="Begin"/>.</summary>
    public void End(long line)
    {
        var start = _events.Count == 0 ? 0 : _events[^1].End + 1;
        _events.Add((line, start, _json.WrittenCount));
    }

    public long LineOf(int index) => _events[index].Line;

    /// <summary>A request body with some of the events, read from the buffer. Valid until <see cref="Reset"/>.</summary>
    public HttpContent Body(int first, int count)
        => new EventsContent(_json.WrittenMemory[_events[first].Start.._events[first + count - 1].End]);

    private sealed class EventsContent : HttpContent
    {
        private static readonly byte[] Prefix = "{\"events\":["u8.ToArray();
        private static readonly byte[] Suffix = "]}"u8.ToArray();
        private readonly ReadOnlyMemory<byte> _events;

        public EventsContent(ReadOnlyMemory<byte> events)
        {
            _events = events;
            Headers.ContentType = new("application/json");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(Prefix, cancellationToken);
            await stream.WriteAsync(_events, cancellationToken);
            await stream.WriteAsync(Suffix, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = Prefix.Length + _events.Length + Suffix.Length;
            return true;
        }
    }
}

namespace Bxb.LoadTest.Traffic;

/// <summary>One connection's requests, made in place in two buffers in turn, so that events of the last acknowledged one can be sent again.</summary>
/// <remarks>Not thread-safe. A request is valid until the next but one is made.</remarks>
internal sealed class RequestBody
{
    private readonly EventTemplate _template;
    private readonly byte[][] _buffers;
    private readonly int _firstSlot;
    private readonly int _batch;
    private readonly double _duplicateShare;
    private readonly long _numbersFrom;
    private int _current;
    private bool _hasPrevious;
    private long _made;
    private double _owedDuplicates;

    /// <param name="head">Makes the head of a request whose body has this length.</param>
    /// <param name="template">The events.</param>
    /// <param name="batch">Events a request; 1 makes the body a single event.</param>
    /// <param name="duplicatePercent">How many of a hundred events were acknowledged before.</param>
    /// <param name="connection">The connection's index: each numbers its events on its own.</param>
    public RequestBody(Func<int, byte[]> head, EventTemplate template, int batch, double duplicatePercent, int connection)
    {
        _template = template;
        _batch = batch;
        _duplicateShare = duplicatePercent / 100;
        _numbersFrom = connection * 100_000_000_000L;
        ReadOnlySpan<byte> prefix = batch == 1 ? ""u8 : "{\"events\":["u8;
        ReadOnlySpan<byte> suffix = batch == 1 ? ""u8 : "]}"u8;
        var length = prefix.Length + (batch * template.Length) + (batch - 1) + suffix.Length;
        var start = head(length);
        _firstSlot = start.Length + prefix.Length;
        var buffer = new byte[start.Length + length];
        start.CopyTo(buffer, 0);
        prefix.CopyTo(buffer.AsSpan(start.Length));
        suffix.CopyTo(buffer.AsSpan(buffer.Length - suffix.Length));
        for (var i = 0; i < batch; i++)
        {
            template.Lay(Slot(buffer, i));
            if (i > 0)
            {
                buffer[SlotStart(i) - 1] = (byte)',';
            }
        }

        _buffers = [buffer, (byte[])buffer.Clone()];
    }

    /// <summary>The whole request, head and body.</summary>
    public ReadOnlyMemory<byte> Request => _buffers[_current];

    /// <summary>What the request adds to the stores.</summary>
    public Sums Fresh { get; } = new();

    /// <summary>Events of the request that were acknowledged before.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Makes the next request. The last one must have been acknowledged.</summary>
    public void Next(ReadOnlySpan<byte> timestamp)
    {
        var previous = _buffers[_current];
        _current ^= 1;
        var buffer = _buffers[_current];
        Fresh.Clear();
        Duplicates = 0;
        for (var i = 0; i < _batch; i++)
        {
            _owedDuplicates += _duplicateShare;
            if (_owedDuplicates >= 1 && _hasPrevious)
            {
                _owedDuplicates--;
                Duplicates++;
                Slot(previous, i).CopyTo(Slot(buffer, i));
            }
            else
            {
                var (region, bytes) = _template.Fill(Slot(buffer, i), _numbersFrom + _made++, timestamp);
                Fresh.Add(region, bytes);
            }
        }

        _hasPrevious = true;
    }

    private int SlotStart(int index) => _firstSlot + (index * (_template.Length + 1));

    private Span<byte> Slot(byte[] buffer, int index) => buffer.AsSpan(SlotStart(index), _template.Length);
}

namespace Bxb.EventLog.Appending;

/// <summary>The canonical text that is being written, up to a limit. Beyond it nothing more is kept. Used again; not thread-safe.</summary>
internal sealed class CanonicalOutput
{
    private const int KeptBytes = 256 * 1024;
    private const int FirstBytes = 4096;

    private byte[] _text = new byte[FirstBytes];
    private byte[] _spare = new byte[FirstBytes];
    private int _limit;

    /// <summary>Bytes written; what stands behind the limit is not counted.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the limit was passed, and the text is of no use any more.</summary>
    public bool IsFull { get; private set; }

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, Length);

    public void Start(int limit)
    {
        _limit = limit;
        Length = 0;
        IsFull = false;
    }

    public void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _limit - Length)
        {
            IsFull = true;
        }

        if (!IsFull)
        {
            bytes.CopyTo(Reserve(bytes.Length));
            Length += bytes.Length;
        }
    }

    /// <summary>Puts a string between quotes.</summary>
    /// <param name="text">Unescaped.</param>
    /// <param name="escape">False when it is known to need no escapes.</param>
    public void PutString(ReadOnlySpan<byte> text, bool escape)
    {
        Put("\""u8);
        if (!escape || text.Length > _limit)
        {
            Put(text);
        }
        else if (!IsFull)
        {
            var written = CanonicalText.Escape(text, Reserve(CanonicalText.MaxEscapedBytes(text.Length)));
            IsFull = written > _limit - Length;
            Length += IsFull ? 0 : written;
        }

        Put("\""u8);
    }

    /// <summary>Writes an object's members again, in the order given.</summary>
    /// <param name="start">Where the first of them started.</param>
    /// <param name="members">All of them.</param>
    public void Reorder(int start, ReadOnlySpan<CanonicalMember> members)
    {
        if (IsFull)
        {
            return;
        }

        if (_spare.Length < Length)
        {
            _spare = new byte[_text.Length];
        }

        _text.AsSpan(start, Length - start).CopyTo(_spare.AsSpan(start));
        var to = start;
        foreach (ref readonly var member in members)
        {
            if (to > start)
            {
                _text[to++] = (byte)',';
            }

            _spare.AsSpan(member.Start, member.Length).CopyTo(_text.AsSpan(to));
            to += member.Length;
        }
    }

    /// <summary>Gives up what a very large document made grow.</summary>
    public void Trim()
    {
        if (_text.Length > KeptBytes)
        {
            _text = new byte[FirstBytes];
            _spare = new byte[FirstBytes];
        }
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_text.Length - Length < bytes)
        {
            Array.Resize(ref _text, Math.Max(checked(Length + bytes), _text.Length * 2));
        }

        return _text.AsSpan(Length);
    }
}

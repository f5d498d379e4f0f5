using System.Buffers;
using Bxb.Primitives.Buffers;
using Bxb.Primitives.Json;

namespace Bxb.EventLog.Appending;

/// <summary>The canonical text of one document, up to a limit. Reused; not thread-safe.</summary>
internal sealed class CanonicalOutput
{
    private const int KeptBytes = 256 * 1024;

    private readonly ArrayPoolBufferWriter<byte> _text = new(4096);
    private int _limit;

    public int Length => _text.WrittenCount;

    /// <summary>Whether the limit was exceeded. The text is then incomplete.</summary>
    public bool IsFull { get; private set; }

    public ReadOnlySpan<byte> Text => _text.WrittenSpan;

    public void Start(int limit)
    {
        _limit = limit;
        _text.Clear();
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
            _text.Write(bytes);
        }
    }

    /// <summary>Writes a string in quotes.</summary>
    /// <param name="text">Unescaped.</param>
    /// <param name="escape">False if the text needs no escapes.</param>
    public void PutString(ReadOnlySpan<byte> text, bool escape)
    {
        Put("\""u8);
        if (!escape || text.Length > _limit)
        {
            Put(text);
        }
        else if (!IsFull)
        {
            JsonText.Escape(text, _text);
            IsFull = Length > _limit;
        }

        Put("\""u8);
    }

    /// <summary>Reorders the members of an object.</summary>
    /// <param name="start">Offset of the first member.</param>
    /// <param name="members">All members, in their new order.</param>
    public void Reorder(int start, ReadOnlySpan<CanonicalMember> members)
    {
        if (IsFull)
        {
            return;
        }

        var text = _text.WrittenSpan[start..];
        var copy = ArrayPool<byte>.Shared.Rent(text.Length);
        text.CopyTo(copy);
        var to = 0;
        foreach (ref readonly var member in members)
        {
            if (to > 0)
            {
                text[to++] = (byte)',';
            }

            copy.AsSpan(member.Start - start, member.Length).CopyTo(text[to..]);
            to += member.Length;
        }

        ArrayPool<byte>.Shared.Return(copy);
    }

    /// <summary>Releases a buffer that a very large document has grown.</summary>
    public void Trim() => _text.Clear(KeptBytes);
}

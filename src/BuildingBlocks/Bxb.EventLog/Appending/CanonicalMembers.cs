using System.Buffers;

namespace Bxb.EventLog.Appending;

/// <summary>A member of an object that is being written.</summary>
/// <param name="NameOffset">Where its unescaped name stands among the names.</param>
/// <param name="NameLength">Bytes.</param>
/// <param name="Start">Where its canonical text starts.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct CanonicalMember(int NameOffset, int NameLength, int Start, int Length);

/// <summary>The members of the objects that are open, innermost last, with their names. One document's at a time; not thread-safe.</summary>
internal sealed class CanonicalMembers
{
    private const int KeptNameBytes = 256 * 1024;
    private const int KeptMembers = 4_096;

    private byte[] _names = new byte[1024];
    private CanonicalMember[] _members = new CanonicalMember[64];
    private readonly Comparison<CanonicalMember> _order;

    // Made once: to sort by a comparer makes a delegate each time.
    public CanonicalMembers() => _order = Compare;

    public int Count { get; private set; }

    public int NameBytes { get; private set; }

    public ReadOnlySpan<byte> Name(int offset, int length) => _names.AsSpan(offset, length);

    /// <summary>Room for a name; <see cref="AdvanceName"/> counts what was used.</summary>
    public Span<byte> NameSpan(int atLeast)
    {
        if (_names.Length - NameBytes < atLeast)
        {
            Array.Resize(ref _names, Math.Max(NameBytes + atLeast, _names.Length * 2));
        }

        return _names.AsSpan(NameBytes);
    }

    public void AdvanceName(int bytes) => NameBytes += bytes;

    public void Add(CanonicalMember member)
    {
        if (Count == _members.Length)
        {
            Array.Resize(ref _members, Count * 2);
        }

        _members[Count++] = member;
    }

    /// <summary>The members of the innermost object.</summary>
    public Span<CanonicalMember> From(int first) => _members.AsSpan(first, Count - first);

    /// <summary>Puts the innermost object's members into the byte order of their names; false when they were in it already, each name once.</summary>
    public bool Sort(int first)
    {
        var members = From(first);
        for (var i = 1; i < members.Length; i++)
        {
            if (Compare(members[i - 1], members[i]) >= 0)
            {
                members.Sort(_order);
                return true;
            }
        }

        return false;
    }

    public int Compare(CanonicalMember x, CanonicalMember y) => Name(x.NameOffset, x.NameLength).SequenceCompareTo(Name(y.NameOffset, y.NameLength));

    /// <summary>Forgets what an object that has ended held.</summary>
    public void Truncate(int members, int nameBytes)
    {
        Count = members;
        NameBytes = nameBytes;
    }

    /// <summary>Gives up what a very large document made grow.</summary>
    public void Trim()
    {
        if (_names.Length > KeptNameBytes)
        {
            _names = new byte[1024];
        }

        if (_members.Length > KeptMembers)
        {
            _members = new CanonicalMember[64];
        }
    }
}

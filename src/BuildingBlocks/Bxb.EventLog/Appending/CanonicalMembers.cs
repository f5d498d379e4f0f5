using Bxb.Primitives.Buffers;

namespace Bxb.EventLog.Appending;

/// <summary>A member of an object that is being written.</summary>
/// <param name="NameOffset">Offset of its unescaped name among the names.</param>
/// <param name="NameLength">Bytes.</param>
/// <param name="Start">Offset of its canonical text.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct CanonicalMember(int NameOffset, int NameLength, int Start, int Length);

/// <summary>The members of the open objects of one document, innermost last, with their names. Reused; not thread-safe.</summary>
internal sealed class CanonicalMembers
{
    private const int KeptNameBytes = 256 * 1024;
    private const int KeptMembers = 4_096;

    private readonly ArrayPoolBufferWriter<byte> _names = new(1024);
    private readonly ArrayPoolBufferWriter<CanonicalMember> _members = new(64);
    private readonly Comparison<CanonicalMember> _order;

    // Created once, because a sort by a comparer allocates a delegate each time.
    public CanonicalMembers() => _order = Compare;

    public int Count => _members.WrittenCount;

    public int NameBytes => _names.WrittenCount;

    public ReadOnlySpan<byte> Name(int offset, int length) => _names.WrittenSpan.Slice(offset, length);

    /// <summary>Room for a name; <see cref="AdvanceName"/> counts the bytes used.</summary>
    public Span<byte> NameSpan(int atLeast) => _names.GetSpan(atLeast);

    public void AdvanceName(int bytes) => _names.Advance(bytes);

    public void Add(CanonicalMember member) => _members.Add(in member);

    public Span<CanonicalMember> From(int first) => _members.WrittenSpan[first..];

    /// <summary>Sorts the members of the innermost object by the bytes of their names. Returns false if they were sorted and each name occurs once.</summary>
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

    /// <summary>Removes the members and names of an object that has ended.</summary>
    public void Truncate(int members, int nameBytes)
    {
        _members.Truncate(members);
        _names.Truncate(nameBytes);
    }

    /// <summary>Releases buffers that a very large document has grown.</summary>
    public void Trim()
    {
        _names.Clear(KeptNameBytes);
        _members.Clear(KeptMembers);
    }
}

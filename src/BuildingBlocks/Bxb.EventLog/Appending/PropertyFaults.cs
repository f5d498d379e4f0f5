namespace Bxb.EventLog.Appending;

/// <summary>What an event's properties may be.</summary>
public sealed record PropertyLimits
{
    /// <summary>Bytes of the canonical text. Default 65,536.</summary>
    public int MaxBytes { get; init; } = 64 * 1024;

    /// <summary>Objects and arrays inside each other, the properties themselves being the first. Default 16, at most 64.</summary>
    public int MaxDepth { get; init; } = 16;

    /// <summary>Unicode characters (code points) of a name. Default 255; a name has at least one.</summary>
    public int MaxNameCharacters { get; init; } = 255;

    /// <summary>Digits of a number when it is written out plainly, without exponent. Default 100.</summary>
    public int MaxNumberDigits { get; init; } = 100;
}

/// <summary>One thing that is wrong with an event's properties.</summary>
/// <param name="Pointer">JSON pointer from the properties object on; empty for the object itself. Long names are cut in it.</param>
/// <param name="Reason">What is wrong, for the sender.</param>
/// <param name="IsDuplicateMember">Whether an object names a member twice, which makes the JSON itself bad.</param>
public readonly record struct PropertyFault(string Pointer, string Reason, bool IsDuplicateMember);

/// <summary>Collects what is wrong with properties. Keeps the first ones and counts all, so that a hostile document fills no memory. Not thread-safe.</summary>
/// <param name="capacity">Faults to keep; at least 1.</param>
public sealed class PropertyFaults(int capacity = 100)
{
    private readonly List<PropertyFault> _items = [];

    /// <summary>The first faults, in the order in which they were found.</summary>
    public IReadOnlyList<PropertyFault> Items => _items;

    /// <summary>All faults, also those that were not kept.</summary>
    public int Count { get; private set; }

    /// <summary>Whether any of them is a member named twice.</summary>
    public bool HasDuplicateMember { get; private set; }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _items.Clear();
        Count = 0;
        HasDuplicateMember = false;
    }

    /// <summary>Whether a fault's pointer and reason would be kept; the first duplicate always is.</summary>
    internal bool Keeps(bool isDuplicateMember) => _items.Count < capacity || (isDuplicateMember && !HasDuplicateMember);

    internal void CountOnly() => Count++;

    internal void Add(PropertyFault fault)
    {
        Count++;
        HasDuplicateMember |= fault.IsDuplicateMember;
        _items.Add(fault);
    }
}

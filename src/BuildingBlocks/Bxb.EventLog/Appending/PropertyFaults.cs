namespace Bxb.EventLog.Appending;

/// <summary>Limits of an event's properties.</summary>
public sealed record PropertyLimits
{
    /// <summary>Bytes of the canonical text. Default 65,536.</summary>
    public int MaxBytes { get; init; } = 64 * 1024;

    /// <summary>Maximum nesting depth; the properties object has depth 1. Default 16, at most 64.</summary>
    public int MaxDepth { get; init; } = 16;

    /// <summary>Unicode characters (code points) of a name. Default 255; a name has at least one.</summary>
    public int MaxNameCharacters { get; init; } = 255;

    /// <summary>Maximum digits of a number written without an exponent. Default 100.</summary>
    public int MaxNumberDigits { get; init; } = 100;
}

/// <summary>A fault of an event's properties.</summary>
/// <param name="Pointer">JSON Pointer relative to the properties object; empty for the object itself. Long names are cut.</param>
/// <param name="Reason">The fault as a predicate, for the sender.</param>
/// <param name="IsDuplicateMember">Whether an object has a member twice, which makes the JSON invalid.</param>
public readonly record struct PropertyFault(string Pointer, string Reason, bool IsDuplicateMember);

/// <summary>Collects faults of properties. Keeps the first ones and counts all, so that memory stays bounded. Not thread-safe.</summary>
/// <param name="capacity">Faults to keep; at least 1.</param>
public sealed class PropertyFaults(int capacity = 100)
{
    private readonly List<PropertyFault> _items = [];

    /// <summary>The first faults, in the order in which they were found.</summary>
    public IReadOnlyList<PropertyFault> Items => _items;

    /// <summary>All faults, also those that were not kept.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a fault is a member named twice.</summary>
    public bool HasDuplicateMember { get; private set; }

    /// <summary>Removes all faults.</summary>
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

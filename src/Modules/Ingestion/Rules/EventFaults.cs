using Bxb.EventLog.Appending;
using Bxb.Modularity.Errors;

namespace Bxb.Ingestion.Rules;

/// <summary>The faults of one request: the first hundred are listed, all are counted. Allocates nothing without a fault. Not thread-safe.</summary>
internal sealed class EventFaults
{
    private const string PropertiesPointer = "/properties";
    private List<ApiFault>? _listed;
    private int _index = -1;

    /// <summary>The number of faults, also of those that are not listed.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the next fault will be listed.</summary>
    public bool HasRoom => Count < ProblemDocument.MaxFaults;

    /// <summary>A sentence about the first duplicate member, which refuses the whole body; null if there is none.</summary>
    public string? DuplicateMember { get; private set; }

    public IReadOnlyList<ApiFault> Listed => (IReadOnlyList<ApiFault>?)_listed ?? [];

    /// <summary>Receives the faults of properties; <see cref="TakeProperties"/> moves them into the list.</summary>
    public PropertyFaults Properties { get; } = new(ProblemDocument.MaxFaults);

    /// <summary>Sets the event of a batch to which the next faults belong. Not called for a request of one event.</summary>
    public void EnterEvent(int index) => _index = index;

    /// <summary>Adds a fault of the current event.</summary>
    /// <param name="pointer">A JSON Pointer relative to the event, empty for the event itself.</param>
    /// <param name="reason">The fault as a predicate.</param>
    public void Add(string pointer, string reason)
    {
        if (HasRoom)
        {
            (_listed ??= []).Add(new ApiFault(Absolute(pointer), reason));
        }

        Count++;
    }

    /// <summary>Adds a duplicate member, which refuses the whole body.</summary>
    /// <param name="pointer">A JSON Pointer relative to the event.</param>
    /// <param name="offset">Bytes from the body's start.</param>
    public void AddDuplicateMember(string pointer, long offset)
    {
        DuplicateMember ??= $"{Absolute(pointer)} is named twice; the second stands at byte {offset}.";
        Add(pointer, "is named twice");
    }

    /// <summary>Moves the faults of <see cref="Properties"/> into the list.</summary>
    /// <param name="offset">The offset of the properties, in bytes from the start of the body.</param>
    public void TakeProperties(long offset)
    {
        foreach (var fault in Properties.Items)
        {
            if (fault.IsDuplicateMember)
            {
                DuplicateMember ??= $"{Absolute(PropertiesPointer + fault.Pointer)} is named twice, in the properties that begin at byte {offset}.";
            }

            Add(PropertiesPointer + fault.Pointer, fault.Reason);
        }

        Count += Properties.Count - Properties.Items.Count;
        Properties.Clear();
    }

    private string Absolute(string pointer) => _index < 0 ? pointer : $"/events/{_index}{pointer}";
}

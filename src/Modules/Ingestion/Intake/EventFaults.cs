using System.Text;
using Bxb.EventLog.Appending;
using Bxb.Modularity.Errors;

namespace Bxb.Ingestion.Intake;

/// <summary>The faults of one request: the first hundred in words, the rest counted. Costs nothing while there are none. Not thread-safe.</summary>
internal sealed class EventFaults
{
    private const string PropertiesPointer = "/properties";
    private List<ApiFault>? _listed;
    private int _index = -1;

    /// <summary>All faults, also those that are not listed.</summary>
    public int Count { get; private set; }

    /// <summary>Whether another fault would still be listed; if not, nobody needs to word it.</summary>
    public bool HasRoom => Count < ProblemDocument.MaxFaults;

    /// <summary>One sentence about the first member that its object already had, which refuses the whole body; null if there is none.</summary>
    public string? DuplicateMember { get; private set; }

    /// <summary>The faults to answer with.</summary>
    public IReadOnlyList<ApiFault> Listed => (IReadOnlyList<ApiFault>?)_listed ?? [];

    /// <summary>Where the properties' writer puts what it finds; <see cref="TakeProperties"/> takes it over.</summary>
    public PropertyFaults Properties { get; } = new(ProblemDocument.MaxFaults);

    /// <summary>Says which event of a batch the next faults belong to; a request of one event never calls it.</summary>
    public void EnterEvent(int index) => _index = index;

    /// <summary>Says that the next faults belong to the body itself.</summary>
    public void LeaveEvents() => _index = -1;

    /// <summary>Adds a fault of the event at hand.</summary>
    /// <param name="pointer">A JSON Pointer relative to the event, empty for the event itself.</param>
    /// <param name="reason">What is wrong, for a person.</param>
    public void Add(string pointer, string reason)
    {
        if (HasRoom)
        {
            (_listed ??= []).Add(new ApiFault(Absolute(pointer), reason));
        }

        Count++;
    }

    /// <summary>Adds the fault that refuses the whole body: a member that its object already had.</summary>
    /// <param name="pointer">A JSON Pointer relative to the event.</param>
    /// <param name="offset">Bytes from the body's start.</param>
    public void AddDuplicateMember(string pointer, long offset)
    {
        DuplicateMember ??= $"{Absolute(pointer)} is named twice; the second stands at byte {offset}.";
        Add(pointer, "is named twice");
    }

    /// <summary>Takes over what the properties' writer found wrong, and empties its list for the next event.</summary>
    /// <param name="offset">Where the properties begin, in bytes from the body's start.</param>
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

    /// <summary>The pointer to a member whose name came from the body: escaped as RFC 6901 says, and cut, for an answer repeats no more than it must.</summary>
    public static string PointerTo(ReadOnlySpan<byte> name)
    {
        const int longest = 255;
        var text = Encoding.UTF8.GetString(name[..Math.Min(name.Length, longest * 4)]);
        if (text.Length > longest)
        {
            text = string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest), "…");
        }

        return "/" + text.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }

    private string Absolute(string pointer) => _index < 0 ? pointer : $"/events/{_index}{pointer}";
}

using Bxb.Primitives.Json;

namespace Bxb.EventLog.Appending;

/// <summary>The place in a document that a <see cref="CanonicalWriter"/> has reached. Formatted only for a fault.</summary>
internal sealed class CanonicalPath(CanonicalMembers members)
{
    private readonly List<(int NameOffset, int NameLength, int Index)> _steps = [];

    public void Clear() => _steps.Clear();

    public void PushName(int offset, int length) => _steps.Add((offset, length, -1));

    public void PushIndex(int index) => _steps.Add((0, 0, index));

    public void Pop() => _steps.RemoveAt(_steps.Count - 1);

    public void Fault(PropertyFaults faults, string reason, bool isDuplicateMember = false)
    {
        if (faults.Keeps(isDuplicateMember))
        {
            faults.Add(new PropertyFault(Pointer(), reason, isDuplicateMember));
        }
        else
        {
            faults.CountOnly();
        }
    }

    private string Pointer()
    {
        var pointer = "";
        foreach (var (offset, length, index) in _steps)
        {
            pointer = index >= 0 ? JsonPointer.Element(pointer, index) : JsonPointer.Member(pointer, members.Name(offset, length));
        }

        return pointer;
    }
}

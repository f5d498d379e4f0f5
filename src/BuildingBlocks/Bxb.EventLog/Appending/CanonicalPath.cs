using System.Globalization;
using System.Text;

namespace Bxb.EventLog.Appending;

/// <summary>Where in a document a <see cref="CanonicalWriter"/> stands. Becomes a text only when there is a fault to tell.</summary>
internal sealed class CanonicalPath(CanonicalMembers members)
{
    private const int MaxNameCharacters = 255;

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
        var pointer = new StringBuilder();
        foreach (var (offset, length, index) in _steps)
        {
            pointer.Append('/');
            if (index >= 0)
            {
                pointer.Append(CultureInfo.InvariantCulture, $"{index}");
                continue;
            }

            // A name's bytes may be anything at all here; a pointer is text of a bounded length.
            var name = Encoding.UTF8.GetString(members.Name(offset, Math.Min(length, MaxNameCharacters * 4)));
            var cut = length > MaxNameCharacters * 4 || name.Length > MaxNameCharacters * 2;
            name = cut ? name[..Math.Min(name.Length, MaxNameCharacters)] + "..." : name;
            pointer.Append(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        return pointer.ToString();
    }
}

using System.Diagnostics.CodeAnalysis;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries;

/// <summary>A property of events, by the names that lead to it from the outermost object inwards.</summary>
/// <param name="Names">Unescaped; none is empty, none holds NUL.</param>
internal sealed record UsageProperty(IReadOnlyList<string> Names)
{
    /// <summary>Reads a dotted path, <see cref="PropertyPath"/>.</summary>
    public static bool TryParse(string path, [NotNullWhen(true)] out UsageProperty? property)
    {
        property = PropertyPath.TryParse(path, out var names) ? new UsageProperty(names) : null;
        return property is not null;
    }

    /// <summary>Whether both are the same property.</summary>
    public bool Equals(UsageProperty? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <inheritdoc />
    public override int GetHashCode() => Names.Aggregate(Names.Count, (hash, name) => HashCode.Combine(hash, StringComparer.Ordinal.GetHashCode(name)));
}

using System.Diagnostics.CodeAnalysis;
using Bxb.Management.Contracts;

namespace Bxb.Analytics.Queries;

/// <summary>The path of an event property.</summary>
/// <param name="Names">Member names from the outermost object inwards, unescaped. None is empty or contains NUL.</param>
internal sealed record UsageProperty(IReadOnlyList<string> Names)
{
    /// <summary>Parses a dotted path, see <see cref="PropertyPath"/>.</summary>
    public static bool TryParse(string path, [NotNullWhen(true)] out UsageProperty? property)
    {
        property = PropertyPath.TryParse(path, out var names) ? new UsageProperty(names) : null;
        return property is not null;
    }

    /// <inheritdoc />
    public bool Equals(UsageProperty? other) => other is not null && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <inheritdoc />
    public override int GetHashCode() => Names.Aggregate(Names.Count, (hash, name) => HashCode.Combine(hash, StringComparer.Ordinal.GetHashCode(name)));
}

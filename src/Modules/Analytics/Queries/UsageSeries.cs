namespace Bxb.Analytics.Queries;

/// <summary>A customer with a group. The rows of a series differ in their windows only.</summary>
/// <param name="Customer">Null if the query neither selects nor groups by customers.</param>
/// <param name="Groups">The texts of the property keys, in the order of the query.</param>
internal readonly record struct UsageSeries(string? Customer, IReadOnlyList<string?> Groups)
{
    /// <summary>Returns the series of a row.</summary>
    public static UsageSeries Of(UsageRow row) => new(row.Customer, row.Groups);

    /// <inheritdoc />
    public bool Equals(UsageSeries other) => string.Equals(Customer, other.Customer, StringComparison.Ordinal) && Groups.SequenceEqual(other.Groups, StringComparer.Ordinal);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Customer, StringComparer.Ordinal);
        foreach (var group in Groups)
        {
            hash.Add(group, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }
}

using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>SQL conditions on <c>loader_epochs</c> by which a statement is refused when its epoch has ended, and their parameters.</summary>
internal static class EpochConditions
{
    /// <summary>ClickHouse's error code FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: the epoch has ended, or the data directory is not the one of the epoch.</summary>
    internal const int EndedCode = 395;

    /// <summary>Selects the rows of a partition and of the partitions that conflict with it.</summary>
    internal const string Conflicting =
        "(partition = {partition:String} OR (startsWith(partition, {conflictPrefix:String}) AND NOT startsWith(partition, {concurrentPrefix:String})))";

    /// <summary>Fails with <see cref="EndedCode"/> unless the epoch is current. Parameters: <see cref="Bind(ClickHouseStatement, Epoch)"/>.</summary>
    internal const string IsCurrent = $"NOT throwIf((SELECT argMax(owner, (epoch, owner)) FROM loader_epochs WHERE {Conflicting}) != {{owner:String}}, 'The epoch has ended')";

    /// <summary>Selects those of several partitions whose epochs are current. Parameters: <see cref="Bind(ClickHouseStatement, IReadOnlyCollection{Epoch})"/>.</summary>
    internal const string CurrentPartitions = """
        SELECT n.partition
        FROM (
            SELECT z.1 AS partition, z.2 AS conflict_prefix, z.3 AS concurrent_prefix, z.4 AS owner
            FROM (SELECT arrayJoin(arrayZip({partitions:Array(String)}, {conflictPrefixes:Array(String)}, {concurrentPrefixes:Array(String)}, {owners:Array(String)})) AS z)
        ) AS n CROSS JOIN loader_epochs AS e
        WHERE e.partition = n.partition OR (startsWith(e.partition, n.conflict_prefix) AND NOT startsWith(e.partition, n.concurrent_prefix))
        GROUP BY n.partition, n.owner
        HAVING argMax(e.owner, (e.epoch, e.owner)) = n.owner
        """;

    /// <summary>Fails with <see cref="EndedCode"/> unless all of several epochs are current.</summary>
    internal const string AllAreCurrent = $"NOT throwIf((SELECT count() FROM ({CurrentPartitions})) != length({{partitions:Array(String)}}), 'An epoch has ended')";

    /// <summary>Binds the parameters of <see cref="Conflicting"/>.</summary>
    internal static ClickHouseStatement Bind(ClickHouseStatement statement, LoadPartition partition) => statement
        .With("partition", partition.Name).With("conflictPrefix", partition.ConflictPrefix).With("concurrentPrefix", partition.ConcurrentPrefix);

    /// <summary>Binds the parameters of <see cref="IsCurrent"/>, and has the embedded engine refuse the statement after a restart.</summary>
    internal static ClickHouseStatement Bind(ClickHouseStatement statement, Epoch epoch)
    {
        statement.OnlyInstance = epoch.Instance;
        return Bind(statement, epoch.Partition).With("owner", epoch.Owner);
    }

    /// <summary>Binds the parameters of <see cref="CurrentPartitions"/>, and has the embedded engine refuse the statement after a restart. All epochs have the same instance.</summary>
    internal static ClickHouseStatement Bind(ClickHouseStatement statement, IReadOnlyCollection<Epoch> epochs)
    {
        statement.OnlyInstance = epochs.First().Instance;
        return statement
            .With("partitions", [.. epochs.Select(e => e.Partition.Name)])
            .With("conflictPrefixes", [.. epochs.Select(e => e.Partition.ConflictPrefix)])
            .With("concurrentPrefixes", [.. epochs.Select(e => e.Partition.ConcurrentPrefix)])
            .With("owners", [.. epochs.Select(e => e.Owner)]);
    }
}

using Bxb.Analytics.Schema;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>Stops all loading into the live table while the table is exchanged for a copy. Thread-safe.</summary>
/// <remarks>
/// A pause is a row of <c>loader_epochs</c>. Its number is higher than all epochs of the live table, so it ends them, and none can begin before the pause ends. Each attempt of an exchange
/// has a pause of its own; one more row ends it. If the host of a pause has died, the next attempt ends the pause, or a loader does after <see cref="MaxDuration"/>. Both rename the
/// copy first, so that the exchange of the dead attempt can no longer happen.
/// </remarks>
internal sealed class LoadingPause(ClickHouseClient client, CopyTables copies)
{
    /// <summary>How long a loader waits before it ends a pause that its host has left. An exchange takes seconds, and none of its steps takes longer than an insert.</summary>
    internal static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(5);

    /// <summary>Expression for the age in seconds, by the server's clock, of the latest active pause; -1 if none is active.</summary>
    internal const string AgeInSeconds = $"(SELECT if(count() = 0, -1, dateDiff('second', max(begun), now64(3))) FROM ({Active}))";

    /// <summary>Name prefix of pauses. It begins with the conflict prefix of the live table, so every partition of the live table conflicts with a pause.</summary>
    internal const string NamePrefix = "analytics:exchange/";

    private const string Active = $"""
        SELECT partition, argMax(at, epoch) AS begun FROM loader_epochs WHERE startsWith(partition, '{NamePrefix}') GROUP BY partition HAVING argMax(owner, epoch) = 'held'
        """;

    /// <summary>Begins a pause. Inserts that the loaders sent before are refused, or still run and can be killed.</summary>
    internal async Task BeginAsync(string attempt, string? instance, CancellationToken cancellationToken)
    {
        do
        {
            await client.ExecuteAsync(Insert("SELECT {pause:String}, max(epoch) + 1, 'held', now64(3) FROM loader_epochs", attempt, instance), cancellationToken);
        }
        while (!await IsLatestAsync(attempt, cancellationToken));
    }

    /// <summary>Ends the pause of an attempt.</summary>
    internal Task EndAsync(string attempt, string? instance, CancellationToken cancellationToken) =>
        client.ExecuteAsync(Insert("SELECT {pause:String}, max(epoch) + 1, 'free', now64(3) FROM loader_epochs", attempt, instance), cancellationToken);

    /// <summary>Ends all pauses except that of an attempt. The copy must have been renamed after they began.</summary>
    internal Task EndOthersAsync(string attempt, string? instance, CancellationToken cancellationToken) => client.ExecuteAsync(
        Insert($"SELECT partition, (SELECT max(epoch) + 1 FROM loader_epochs), 'free', now64(3) FROM ({Active}) WHERE partition != {{pause:String}}", attempt, instance), cancellationToken);

    /// <summary>Ends all pauses; their exchanges can no longer happen.</summary>
    internal async Task EndAbandonedAsync(CancellationToken cancellationToken)
    {
        await copies.RenameAsync(cancellationToken);
        await EndOthersAsync(attempt: "", instance: null, cancellationToken);
    }

    /// <summary>Whether the pause has the highest number. An epoch that began at the same moment can have a higher one, and can have looked for pauses before this row existed.</summary>
    private async Task<bool> IsLatestAsync(string attempt, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement($"SELECT argMax(partition, (epoch, owner)) FROM loader_epochs WHERE {EpochConditions.Conflicting}");
        await using var rows = await client.QueryAsync(EpochConditions.Bind(statement, LoadPartition.Log), cancellationToken);
        return await rows.ReadOneAsync() && rows.GetString(0) == NamePrefix + attempt;
    }

    private static ClickHouseStatement Insert(string select, string attempt, string? instance) =>
        new ClickHouseStatement("INSERT INTO loader_epochs " + select) { OnlyInstance = instance }.With("pause", NamePrefix + attempt);
}

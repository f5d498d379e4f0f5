using Bxb.Analytics.Loading;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Rebuild;

/// <summary>Keeps every lane from loading the live table while that is exchanged for a copy. Thread-safe.</summary>
/// <remarks>
/// A hold is a row of <c>loader_terms</c>: it ends all terms of the live table, since its number is above theirs, and while it stands none can begin. Each attempt has a hold of its own; its end is one
/// more row. A hold whose host is gone is ended by the next attempt, or after <see cref="Patience"/> by a loader that wants to go on: either renames the copy first, so that the exchange
/// which the hold stood for cannot happen any more.
/// </remarks>
internal sealed class LoadingHold(ClickHouseClient client, UsageCopies copies)
{
    /// <summary>How long a loader waits for an exchange. It takes seconds, and no step of it longer than an insert.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>How many seconds ago, by the server's clock, the last of the holds that stand was begun; -1 when none stands.</summary>
    internal const string Age = $"(SELECT if(count() = 0, -1, dateDiff('second', max(begun), now64(3))) FROM ({Standing}))";

    /// <summary>How the names of holds begin. All lanes of the live table see them as rivals: their family is how it begins.</summary>
    internal const string Prefix = "analytics:exchange/";

    private const string Standing = $"""
        SELECT `group`, argMax(at, term) AS begun FROM loader_terms WHERE startsWith(`group`, '{Prefix}') GROUP BY `group` HAVING argMax(owner, term) = 'held'
        """;

    /// <summary>Begins a hold: what the lanes sent before it is refused, or still runs and can be killed.</summary>
    internal async Task BeginAsync(string attempt, string? instance, CancellationToken cancellationToken)
    {
        do
        {
            await client.ExecuteAsync(Insert("SELECT {hold:String}, max(term) + 1, 'held', now64(3) FROM loader_terms", attempt, instance), cancellationToken);
        }
        while (!await IsLastAsync(attempt, cancellationToken));
    }

    /// <summary>Ends a hold.</summary>
    internal Task EndAsync(string attempt, string? instance, CancellationToken cancellationToken) =>
        client.ExecuteAsync(Insert("SELECT {hold:String}, max(term) + 1, 'free', now64(3) FROM loader_terms", attempt, instance), cancellationToken);

    /// <summary>Ends all other holds. The copy has been renamed since they were begun.</summary>
    internal Task EndOthersAsync(string attempt, string? instance, CancellationToken cancellationToken) => client.ExecuteAsync(
        Insert($"SELECT `group`, (SELECT max(term) + 1 FROM loader_terms), 'free', now64(3) FROM ({Standing}) WHERE `group` != {{hold:String}}", attempt, instance), cancellationToken);

    /// <summary>Ends all holds: nobody has come to finish what they stand for.</summary>
    internal async Task BreakAsync(CancellationToken cancellationToken)
    {
        await copies.RenameAsync(cancellationToken);
        await EndOthersAsync(attempt: "", instance: null, cancellationToken);
    }

    /// <summary>Whether the hold's number is above all terms: one that began at the same moment may have drawn a higher one, and have looked for holds before this one stood.</summary>
    private async Task<bool> IsLastAsync(string attempt, CancellationToken cancellationToken)
    {
        await using var rows = await client.QueryAsync(
            LoaderTerm.Name(new ClickHouseStatement($"SELECT argMax(`group`, (term, owner)) FROM loader_terms WHERE {Lane.Rivals}"), Lane.Log), cancellationToken);
        return await rows.ReadOneAsync() && rows.GetString(0) == Prefix + attempt;
    }

    private static ClickHouseStatement Insert(string select, string attempt, string? instance) =>
        new ClickHouseStatement("INSERT INTO loader_terms " + select) { OnlyInstance = instance }.With("hold", Prefix + attempt);
}

using Bxb.ClickHouse;

namespace Bxb.Analytics.Schema;

/// <summary>The tables beside <c>usage</c>: at most one copy that a replay fills, and leftovers of earlier ones. Thread-safe.</summary>
/// <remarks>
/// The comment of a table says what it is, and stays with the table when it is renamed or exchanged: the comment of a copy names its replay; the comments of the live table and of a
/// replaced one do not. An exchange addresses the copy by the name that its own attempt gave to it, so an exchange that arrives after the next rename can only fail.
/// </remarks>
internal sealed class CopyTables(ClickHouseClient client)
{
    private const string Prefix = "usage_copy_";
    private const string Comment = "copy of replay ";
    private const string Rebuilt = "rebuilt by a replay";

    /// <summary>Returns the copy that is being filled, or null.</summary>
    internal async Task<UsageCopy?> FindAsync(CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).Select(t => Read(t.Table, t.Comment)).FirstOrDefault(c => c is not null);

    /// <summary>Returns the copy of a replay; creates it if it is missing, and drops all other tables beside the live one.</summary>
    internal async Task<UsageCopy> OpenAsync(long replay, CancellationToken cancellationToken)
    {
        var copies = (await ListAsync(cancellationToken)).Select(t => (t.Table, Copy: Read(t.Table, t.Comment))).ToList();
        var existing = copies.Find(c => c.Copy?.Replay == replay).Copy;
        foreach (var (table, _) in copies.Where(c => c.Table != existing?.Table))
        {
            await DropAsync(table, cancellationToken);
        }

        if (existing is not null)
        {
            return existing;
        }

        var key = Guid.NewGuid().ToString("N");
        var name = NewName();
        await client.ExecuteAsync(new($"CREATE TABLE {name} AS {AnalyticsSchema.LiveTable} COMMENT '{Comment}{replay} {key}'"), cancellationToken);
        return new UsageCopy(name, replay, key);
    }

    /// <summary>Gives the copy a new name, so that no exchange sent earlier can happen any more.</summary>
    /// <returns>The copy with its new name; null if there is none, because an exchange has happened.</returns>
    internal async Task<UsageCopy?> RenameAsync(CancellationToken cancellationToken)
    {
        while (await FindAsync(cancellationToken) is { } copy)
        {
            var name = NewName();
            await client.ExecuteAsync(new($"RENAME TABLE {copy.Table} TO {name}"), cancellationToken);

            // If an exchange happened before the rename, the replaced table was renamed instead.
            if (await FindAsync(cancellationToken) is { } renamed && renamed.Table == name)
            {
                return renamed;
            }
        }

        return null;
    }

    /// <summary>Exchanges a copy and the live table; every query sees the one or the other.</summary>
    /// <param name="copy">With the name that this attempt gave to it.</param>
    /// <param name="instance">The instance of the embedded engine that may do it; null for a server.</param>
    /// <param name="cancellationToken">Ends the wait; the exchange can happen all the same.</param>
    internal Task ExchangeAsync(UsageCopy copy, string? instance, CancellationToken cancellationToken) =>
        client.ExecuteAsync(new ClickHouseStatement($"EXCHANGE TABLES {AnalyticsSchema.LiveTable} AND {copy.Table}") { OnlyInstance = instance }, cancellationToken);

    /// <summary>Whether the live table was a copy before.</summary>
    internal async Task<bool> WasExchangedAsync(CancellationToken cancellationToken) =>
        await ReadLiveCommentAsync(cancellationToken) is var comment && (comment == Rebuilt || comment.StartsWith(Comment, StringComparison.Ordinal));

    /// <summary>Changes the comment of the live table if it is still that of a copy.</summary>
    internal async Task SettleAsync(CancellationToken cancellationToken)
    {
        if ((await ReadLiveCommentAsync(cancellationToken)).StartsWith(Comment, StringComparison.Ordinal))
        {
            await client.ExecuteAsync(new($"ALTER TABLE {AnalyticsSchema.LiveTable} MODIFY COMMENT '{Rebuilt}'"), cancellationToken);
        }
    }

    /// <summary>Drops all tables beside the live one.</summary>
    internal async Task DropAllAsync(CancellationToken cancellationToken)
    {
        foreach (var (table, _) in await ListAsync(cancellationToken))
        {
            await DropAsync(table, cancellationToken);
        }
    }

    private static string NewName() => $"{Prefix}{Guid.NewGuid():N}";

    private static UsageCopy? Read(string table, string comment) =>
        comment.StartsWith(Comment, StringComparison.Ordinal) && comment[Comment.Length..].Split(' ') is [var replay, var key] && long.TryParse(replay, out var number)
            ? new UsageCopy(table, number, key)
            : null;

    private async Task<string> ReadLiveCommentAsync(CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement("SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {name:String}").With("name", AnalyticsSchema.LiveTable);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetString(0) : "";
    }

    private Task DropAsync(string table, CancellationToken cancellationToken) => client.ExecuteAsync(new($"DROP TABLE IF EXISTS {table}"), cancellationToken);

    private async Task<List<(string Table, string Comment)>> ListAsync(CancellationToken cancellationToken)
    {
        var tables = new List<(string, string)>();
        await using var rows = await client.QueryAsync(
            new ClickHouseStatement("SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {prefix:String}) ORDER BY name").With("prefix", Prefix),
            cancellationToken);
        while (await rows.ReadAsync())
        {
            tables.Add((rows.GetString(0), rows.GetString(1)));
        }

        return tables;
    }
}

using Bxb.Analytics.Loading;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Rebuild;

/// <summary>A copy of the table <c>usage</c> that is being built.</summary>
/// <param name="Table">What it is called just now.</param>
/// <param name="Replay">The replay that fills it.</param>
/// <param name="Key">Which no other copy has or had; by it go its lane and its checkpoint.</param>
internal sealed record UsageCopy(string Table, long Replay, string Key)
{
    /// <summary>The lane that fills it.</summary>
    internal Lane Lane => Lane.OfCopy(Key, Table);
}

/// <summary>The tables beside the table <c>usage</c>: at most one copy that is being built, and what is left of others. Thread-safe.</summary>
/// <remarks>
/// What a table is stands in its comment, which goes with it wherever it is renamed or exchanged to: a copy says whose it is; the live table, and what was one, says nothing of the kind. An
/// exchange names the copy by the name that its own attempt gave it: after another rename it can only fail, however late it arrives.
/// </remarks>
internal sealed class UsageCopies(ClickHouseClient client)
{
    private const string Prefix = "usage_copy_";
    private const string Comment = "copy of replay ";
    private const string Rebuilt = "rebuilt by a replay";

    /// <summary>The copy that is being built; null when there is none.</summary>
    internal async Task<UsageCopy?> FindAsync(CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).Select(t => Read(t.Table, t.Comment)).FirstOrDefault(c => c is not null);

    /// <summary>The copy of a replay, made empty if it is not there; every other table beside the live one is dropped.</summary>
    internal async Task<UsageCopy> OpenAsync(long replay, CancellationToken cancellationToken)
    {
        var copies = (await ListAsync(cancellationToken)).Select(t => (t.Table, Copy: Read(t.Table, t.Comment))).ToList();
        var mine = copies.Find(c => c.Copy?.Replay == replay).Copy;
        foreach (var (table, _) in copies.Where(c => c.Table != mine?.Table))
        {
            await DropAsync(table, cancellationToken);
        }

        if (mine is not null)
        {
            return mine;
        }

        var key = Guid.NewGuid().ToString("N");
        var name = NewName();
        await client.ExecuteAsync(new($"CREATE TABLE {name} AS {Lane.LiveTable} COMMENT '{Comment}{replay} {key}'"), cancellationToken);
        return new UsageCopy(name, replay, key);
    }

    /// <summary>Gives the copy a name that nobody knew, so that no exchange that was sent before can happen any more.</summary>
    /// <returns>The copy under its new name; null when there is none: an exchange has happened already.</returns>
    internal async Task<UsageCopy?> RenameAsync(CancellationToken cancellationToken)
    {
        while (await FindAsync(cancellationToken) is { } copy)
        {
            var name = NewName();
            await client.ExecuteAsync(new($"RENAME TABLE {copy.Table} TO {name}"), cancellationToken);

            // An exchange may have come before the renaming: then it was the old table that was renamed.
            if (await FindAsync(cancellationToken) is { } renamed && renamed.Table == name)
            {
                return renamed;
            }
        }

        return null;
    }

    /// <summary>Has a copy and the live table change places; queries see the one or the other.</summary>
    /// <param name="copy">Under the name that this attempt gave it.</param>
    /// <param name="instance">The life of the embedded engine in which it may happen; null with a server.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    internal Task ExchangeAsync(UsageCopy copy, string? instance, CancellationToken cancellationToken) =>
        client.ExecuteAsync(new ClickHouseStatement($"EXCHANGE TABLES {Lane.LiveTable} AND {copy.Table}") { OnlyInstance = instance }, cancellationToken);

    /// <summary>Whether the live table was a copy once.</summary>
    internal async Task<bool> WasExchangedAsync(CancellationToken cancellationToken) =>
        await ReadCommentAsync(cancellationToken) is var comment && (comment == Rebuilt || comment.StartsWith(Comment, StringComparison.Ordinal));

    /// <summary>Has the live table, if it was a copy, say that it is none any more.</summary>
    internal async Task SettleAsync(CancellationToken cancellationToken)
    {
        if ((await ReadCommentAsync(cancellationToken)).StartsWith(Comment, StringComparison.Ordinal))
        {
            await client.ExecuteAsync(new($"ALTER TABLE {Lane.LiveTable} MODIFY COMMENT '{Rebuilt}'"), cancellationToken);
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

    private async Task<string> ReadCommentAsync(CancellationToken cancellationToken)
    {
        await using var rows = await client.QueryAsync(
            new ClickHouseStatement("SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {name:String}").With("name", Lane.LiveTable), cancellationToken);
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

using Bxb.Analytics.Schema;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading;

/// <summary>A time during which this host alone may load, in one life of the server.</summary>
/// <param name="Owner">Its name, which no other term has or had.</param>
/// <param name="Instance">
/// What the embedded engine called itself then: under another name it is not sure to hold what it acknowledged under this one. Null for a server, which syncs each
/// insert and may be several machines with a name each.
/// </param>
/// <param name="Checkpoint">Up to here everything is in the table and on disk.</param>
/// <param name="Highest">The highest position in the table.</param>
internal sealed record LoaderTerm(string Owner, string? Instance, long Checkpoint, long Highest);

/// <summary>Begins terms. A new one ends those before it, this host's or another's: what they still send is refused, what of theirs runs is killed.</summary>
internal sealed class LoaderTerms(ClickHouseClient client, AnalyticsSchema schema)
{
    /// <summary>What every query id of the loader begins with, so that all attempts can be killed, whoever sent them.</summary>
    internal string QueryIds { get; } = $"bxb-{client.Database ?? "default"}-{LoadingRegistration.Group}-";

    /// <summary>Begins a term; when this returns, nothing of an earlier one can change the table any more, and what it says of the table stays true.</summary>
    internal async Task<LoaderTerm> BeginAsync(CancellationToken cancellationToken)
    {
        var embedded = await schema.EnsureAsync(cancellationToken);
        var owner = Guid.NewGuid().ToString("N");

        // First the word that others are refused from now on, then an end to those that had passed before it.
        await client.ExecuteAsync(
            new ClickHouseStatement("INSERT INTO loader_terms SELECT {group:String}, max(term) + 1, {owner:String}, now64(3) FROM loader_terms WHERE `group` = {group:String}")
                .With("group", LoadingRegistration.Group).With("owner", owner),
            cancellationToken);
        var instance = embedded ? client.ServerInstance : null;
        await client.KillAsync(QueryIds, cancellationToken, isPrefix: true);

        var checkpoint = await MaxAsync("SELECT max(position) FROM loader_checkpoints WHERE `group` = {group:String}", cancellationToken);
        var highest = await MaxAsync("SELECT max(position) FROM usage WHERE {group:String} != ''", cancellationToken);
        return new LoaderTerm(owner, instance, checkpoint, highest);
    }

    /// <summary>Notes that everything up to a position is in the table and on disk.</summary>
    internal Task NoteCheckpointAsync(LoaderTerm term, long position, CancellationToken cancellationToken) => client.ExecuteAsync(
        new ClickHouseStatement($"INSERT INTO loader_checkpoints SELECT {{group:String}}, {{position:UInt64}}, now64(3) WHERE {UsageStatements.InTerm}") { OnlyInstance = term.Instance }
            .With("group", LoadingRegistration.Group).With("owner", term.Owner).With("position", position),
        cancellationToken);

    private async Task<long> MaxAsync(string sql, CancellationToken cancellationToken)
    {
        await using var result = await client.QueryAsync(new ClickHouseStatement(sql).With("group", LoadingRegistration.Group), cancellationToken);
        return await result.ReadAsync() ? result.GetInt64(0) : 0;
    }
}

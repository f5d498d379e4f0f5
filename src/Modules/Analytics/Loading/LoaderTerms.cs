using Bxb.Analytics.Rebuild;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading;

/// <summary>
/// Begins terms. A new one ends those before it on its lane and on its rivals, this host's or another's: what they still send is refused, what of theirs runs is killed.
/// Thread-safe.
/// </summary>
/// <remarks>
/// A term is a row with a number above all that there are. Two that begin at once may draw the same number: the owner's name decides then, everywhere in the same way, and
/// who is not first finds it out before anything is loaded.
/// </remarks>
internal sealed class LoaderTerms : IDisposable
{
    private const string Begin = "INSERT INTO loader_terms SELECT {name:String}, max(term) + 1, {next:String}, now64(3) FROM loader_terms";

    /// <summary>The lane and its rivals, as far as they ever sent anything.</summary>
    private const string Loading = $"{Lane.Rivals} AND NOT startsWith(`group`, '{LoadingHold.Prefix}')";

    private const string Inspect = $"""
        SELECT argMaxIf(owner, (term, owner), {Lane.Rivals}), groupUniqArrayIf(`group`, {Loading}), toInt64({LoadingHold.Age}) FROM loader_terms
        """;

    private readonly ClickHouseClient _client;
    private readonly SharedRun<bool> _schema;
    private readonly SharedRun<long> _highest;

    private readonly LoadingHold _hold;

    public LoaderTerms(ClickHouseClient client, AnalyticsSchema schema, LoadingHold hold)
    {
        (_client, _hold) = (client, hold);
        Checkpoints = new LoaderCheckpoints(client);
        _schema = new SharedRun<bool>(schema.EnsureAsync);
        _highest = new SharedRun<long>(cancellationToken => HighestAsync(Lane.LiveTable, cancellationToken));
    }

    /// <summary>How far the lanes are safe.</summary>
    internal LoaderCheckpoints Checkpoints { get; }

    /// <summary>A new id for a statement by which some lanes load, siblings if they are more than one: by it all attempts of a lane can be killed, whoever sent them.</summary>
    internal string QueryId(IReadOnlyCollection<Lane> lanes, string rest)
    {
        var first = lanes.First();
        return first.HasSiblings
            ? $"{Beginning(first.Siblings)},{string.Join(',', lanes.Select(l => l.Name[l.Siblings.Length..]))},-{rest}-{Guid.NewGuid():N}"
            : $"{Beginning(first.Name)}-{rest}-{Guid.NewGuid():N}";
    }

    /// <summary>Begins a term; when this returns, nothing of an earlier one can change the table any more, and what it says of the table stays true of its lane.</summary>
    /// <exception cref="TermRefusedException">None can begin just now.</exception>
    internal async Task<LoaderTerm> BeginAsync(Lane lane, CancellationToken cancellationToken)
    {
        var embedded = await _schema.RunAsync(cancellationToken);
        return await BeginAsync(lane, new ClickHouseStatement(Begin), embedded, cancellationToken);
    }

    /// <summary>Begins a term where the last one was this host's and is not over.</summary>
    /// <exception cref="ClickHouseException">Code <see cref="LoaderTerm.Over"/>: it is, or the data are others than those of that term.</exception>
    /// <exception cref="TermRefusedException">None can begin just now.</exception>
    internal Task<LoaderTerm> ContinueAsync(LoaderTerm term, CancellationToken cancellationToken) =>
        BeginAsync(term.Lane, term.Name(new ClickHouseStatement($"{Begin} WHERE {LoaderTerm.Condition}")), term.Instance is not null, cancellationToken);

    /// <summary>Up to where everything of a lane is in the table and on disk.</summary>
    internal async Task<long> CheckpointAsync(Lane lane, CancellationToken cancellationToken)
    {
        await _schema.RunAsync(cancellationToken);
        return await Checkpoints.ReadAsync(lane, cancellationToken);
    }

    /// <summary>Ends whatever still runs of the lanes of the live table, and waits for it. A <see cref="LoadingHold"/> keeps it so.</summary>
    internal async Task StopAllAsync(CancellationToken cancellationToken)
    {
        await using var rows = await _client.QueryAsync(LoaderTerm.Name(new ClickHouseStatement($"SELECT groupUniqArray(`group`) FROM loader_terms WHERE {Loading}"), Lane.Log), cancellationToken);
        await rows.ReadOneAsync();
        await KillAsync(rows.GetStrings(0), cancellationToken);
    }

    /// <summary>The highest position in a table.</summary>
    internal async Task<long> HighestAsync(string table, CancellationToken cancellationToken)
    {
        await using var rows = await _client.QueryAsync(new ClickHouseStatement($"SELECT max(position) FROM {table}"), cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetInt64(0) : 0;
    }

    public void Dispose()
    {
        _schema.Dispose();
        _highest.Dispose();
    }

    private async Task<LoaderTerm> BeginAsync(Lane lane, ClickHouseStatement statement, bool embedded, CancellationToken cancellationToken)
    {
        // First the word that others are refused from now on, then an end to those that had passed before it.
        var owner = Guid.NewGuid().ToString("N");
        await _client.ExecuteAsync(statement.With("name", lane.Name).With("next", owner), cancellationToken);
        var instance = embedded ? _client.ServerInstance : null;
        var rivals = await InspectAsync(lane, owner, cancellationToken);

        // There is one more copy with each rebuild, and all of them are rivals: by the beginning that they have in common.
        await (lane.Table == Lane.LiveTable ? KillAsync(rivals, cancellationToken) : _client.KillAsync(Beginning(lane.Family), cancellationToken, isPrefix: true));
        var checkpoint = await Checkpoints.ReadAsync(lane, cancellationToken);
        var highest = lane.Table == Lane.LiveTable ? await _highest.RunAsync(cancellationToken) : await HighestAsync(lane.Table, cancellationToken);
        return new LoaderTerm(lane, owner, instance, checkpoint, highest);
    }

    /// <summary>The lanes whose statements may not go on, the own one among them, once it is sure that this term goes before theirs and that no exchange is under way.</summary>
    private async Task<IReadOnlyCollection<string>> InspectAsync(Lane lane, string owner, CancellationToken cancellationToken)
    {
        await using var rows = await _client.QueryAsync(LoaderTerm.Name(new ClickHouseStatement(Inspect), lane), cancellationToken);
        await rows.ReadOneAsync();
        if (lane.Table == Lane.LiveTable && rows.GetInt64(2) is >= 0 and var seconds)
        {
            if (TimeSpan.FromSeconds(seconds) > LoadingHold.Patience)
            {
                await _hold.BreakAsync(cancellationToken);
            }

            throw new TermRefusedException("The table is being exchanged for another one.");
        }

        return rows.GetString(0) == owner ? rows.GetStrings(1) : throw new TermRefusedException($"Another loader of {lane.Name} began at the same moment.");
    }

    /// <summary>Ends the statements that still run by which any of these lanes loads, and waits for it. See <see cref="QueryId"/>.</summary>
    private async Task KillAsync(IEnumerable<string> lanes, CancellationToken cancellationToken)
    {
        foreach (var lane in lanes)
        {
            var partition = lane.LastIndexOf('/') + 1;
            await (partition > 0
                ? _client.KillAsync(Beginning(lane[..partition]), cancellationToken, isPrefix: true, $",{lane[partition..]},")
                : _client.KillAsync($"{Beginning(lane)}-", cancellationToken, isPrefix: true));
        }
    }

    private string Beginning(string name) => $"bxb-{_client.Database ?? "default"}-{name}";
}

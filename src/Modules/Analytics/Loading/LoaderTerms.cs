using Bxb.Analytics.Schema;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading;

/// <summary>A time during which this host alone may load a lane, in one life of the server.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Owner">The term's name, which no other one has or had.</param>
/// <param name="Instance">
/// What the embedded engine called itself then: under another name it is not sure to hold what it acknowledged under this one. Null for a server, which syncs each
/// insert and may be several machines with a name each.
/// </param>
/// <param name="Checkpoint">Up to here everything of the lane is in the table and on disk.</param>
/// <param name="Highest">The highest position in the table, whatever lane it came through.</param>
internal sealed record LoaderTerm(Lane Lane, string Owner, string? Instance, long Checkpoint, long Highest);

/// <summary>Somebody else began a term of the same lane, or of a rival, at the same moment: passes.</summary>
internal sealed class TermRefusedException(string message) : Exception(message);

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
    /// <summary>The condition that a statement's term is not over; parameters lane, siblings and owner.</summary>
    internal const string InTerm = $"NOT throwIf((SELECT argMax(owner, (term, owner)) FROM loader_terms WHERE {Lane.Rivals}) != {{owner:String}}, 'The term is over')";

    private const string Begin = "INSERT INTO loader_terms SELECT {name:String}, max(term) + 1, {next:String}, now64(3) FROM loader_terms";

    // Who is not the last one is left out: the others' checkpoints are as good as ever.
    private const string NoteCheckpoints = """
        INSERT INTO loader_checkpoints
        SELECT l.lane, l.position, now64(3)
        FROM (
            SELECT n.1 AS lane, n.2 AS siblings, n.3 AS owner, n.4 AS position
            FROM (SELECT arrayJoin(arrayZip({lanes:Array(String)}, {siblings:Array(String)}, {owners:Array(String)}, {positions:Array(Int64)})) AS n)
        ) AS l CROSS JOIN loader_terms AS t
        WHERE t.`group` = l.lane OR NOT startsWith(t.`group`, l.siblings)
        GROUP BY l.lane, l.owner, l.position
        HAVING argMax(t.owner, (t.term, t.owner)) = l.owner
        """;

    private readonly ClickHouseClient _client;
    private readonly SharedRun<bool> _schema;
    private readonly SharedRun<long> _highest;

    public LoaderTerms(ClickHouseClient client, AnalyticsSchema schema)
    {
        _client = client;
        _schema = new SharedRun<bool>(schema.EnsureAsync);
        _highest = new SharedRun<long>(cancellationToken => NumberAsync(new ClickHouseStatement("SELECT max(position) FROM usage"), cancellationToken));
    }

    /// <summary>What every query id of a lane begins with, so that all attempts can be killed, whoever sent them. Ends such that no other lane's begins with it.</summary>
    internal string QueryIds(string lane) => $"bxb-{_client.Database ?? "default"}-{lane}-";

    /// <summary>Binds what <see cref="InTerm"/> asks for, and has the embedded engine refuse the statement in another life.</summary>
    internal static ClickHouseStatement Name(ClickHouseStatement statement, LoaderTerm term)
    {
        statement.OnlyInstance = term.Instance;
        return Name(statement, term.Lane).With("owner", term.Owner);
    }

    /// <summary>Begins a term; when this returns, nothing of an earlier one can change the table any more, and what it says of the table stays true of its lane.</summary>
    /// <exception cref="TermRefusedException">Another one began at the same moment and goes before.</exception>
    internal async Task<LoaderTerm> BeginAsync(Lane lane, CancellationToken cancellationToken)
    {
        var embedded = await _schema.RunAsync(cancellationToken);
        return await BeginAsync(lane, new ClickHouseStatement(Begin), embedded, cancellationToken);
    }

    /// <summary>Begins a term where the last one was this host's and is not over.</summary>
    /// <exception cref="ClickHouseException">Code <see cref="UsageStatements.TermOver"/>: it is, or the data are others than those of that term.</exception>
    /// <exception cref="TermRefusedException">Another one began at the same moment and goes before.</exception>
    internal Task<LoaderTerm> ContinueAsync(LoaderTerm term, CancellationToken cancellationToken) =>
        BeginAsync(term.Lane, Name(new ClickHouseStatement($"{Begin} WHERE {InTerm}"), term), term.Instance is not null, cancellationToken);

    /// <summary>Up to where everything of a lane is in the table and on disk.</summary>
    internal async Task<long> CheckpointAsync(Lane lane, CancellationToken cancellationToken)
    {
        await _schema.RunAsync(cancellationToken);
        return await ReadCheckpointAsync(lane, cancellationToken);
    }

    private async Task<LoaderTerm> BeginAsync(Lane lane, ClickHouseStatement statement, bool embedded, CancellationToken cancellationToken)
    {
        // First the word that others are refused from now on, then an end to those that had passed before it.
        var owner = Guid.NewGuid().ToString("N");
        await _client.ExecuteAsync(statement.With("name", lane.Name).With("next", owner), cancellationToken);
        var instance = embedded ? _client.ServerInstance : null;
        foreach (var rival in await RivalsAsync(lane, owner, cancellationToken))
        {
            await _client.KillAsync(QueryIds(rival), cancellationToken, isPrefix: true);
        }

        var checkpoint = await ReadCheckpointAsync(lane, cancellationToken);
        var highest = await _highest.RunAsync(cancellationToken);
        return new LoaderTerm(lane, owner, instance, checkpoint, highest);
    }

    /// <summary>Notes that everything of some lanes up to a position is in the table and on disk. A lane whose term is over is passed over. All terms are of one life of the server.</summary>
    internal Task NoteCheckpointsAsync(IReadOnlyCollection<(LoaderTerm Term, long Position)> safe, CancellationToken cancellationToken) => _client.ExecuteAsync(
        new ClickHouseStatement(NoteCheckpoints) { OnlyInstance = safe.First().Term.Instance }
            .With("lanes", [.. safe.Select(s => s.Term.Lane.Name)])
            .With("siblings", [.. safe.Select(s => s.Term.Lane.Siblings)])
            .With("owners", [.. safe.Select(s => s.Term.Owner)])
            .With("positions", [.. safe.Select(s => s.Position)]),
        cancellationToken);

    public void Dispose()
    {
        _schema.Dispose();
        _highest.Dispose();
    }

    private static ClickHouseStatement Name(ClickHouseStatement statement, Lane lane) => statement.With("lane", lane.Name).With("siblings", lane.Siblings);

    /// <summary>The lanes whose statements may not go on, the own one among them, once it is sure that this term goes before theirs.</summary>
    private async Task<IReadOnlyCollection<string>> RivalsAsync(Lane lane, string owner, CancellationToken cancellationToken)
    {
        await using var rows = await _client.QueryAsync(
            Name(new ClickHouseStatement($"SELECT argMax(owner, (term, owner)), groupUniqArray(`group`) FROM loader_terms WHERE {Lane.Rivals}"), lane), cancellationToken);
        return await rows.ReadAsync() && rows.GetString(0) == owner
            ? rows.GetStrings(1)
            : throw new TermRefusedException($"Another loader of {lane.Name} began at the same moment.");
    }

    /// <summary>What the log's lane has brought to disk is there whatever the partition; of a single partition's the log's lane can make nothing.</summary>
    private Task<long> ReadCheckpointAsync(Lane lane, CancellationToken cancellationToken) => NumberAsync(
        new ClickHouseStatement("SELECT max(position) FROM loader_checkpoints WHERE `group` IN ({lane:String}, {log:String})").With("lane", lane.Name).With("log", Lane.Log.Name),
        cancellationToken);

    private async Task<long> NumberAsync(ClickHouseStatement statement, CancellationToken cancellationToken)
    {
        await using var result = await _client.QueryAsync(statement, cancellationToken);
        return await result.ReadAsync() ? result.GetInt64(0) : 0;
    }
}

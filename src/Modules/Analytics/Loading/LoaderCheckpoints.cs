using System.Diagnostics;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading;

/// <summary>Up to which position each lane's events are in the table and on disk, kept beside the rows so that it is as old as they are. Thread-safe.</summary>
internal sealed class LoaderCheckpoints(ClickHouseClient client)
{
    // Whose term is over is left out: the others' checkpoints are as good as ever.
    private const string Note = $$"""
        INSERT INTO loader_checkpoints
        SELECT n.1, n.2, now64(3) FROM (SELECT arrayJoin(arrayZip({lanes:Array(String)}, {positions:Array(Int64)})) AS n) WHERE n.1 IN ({{LoaderTerm.Standing}})
        """;

    /// <summary>
    /// Brings to disk what some lanes have loaded, once for all of them, and notes how far each is safe; does nothing when there is nothing new. A lane whose term is over is
    /// passed over.
    /// </summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    internal async Task MakeAsync(IEnumerable<LaneTerms> lanes, CancellationToken cancellationToken)
    {
        var due = lanes.Select(l => (Lane: l, l.Unsafe)).Where(l => l.Unsafe is not null).Select(l => (l.Lane, l.Unsafe!.Value.Term, l.Unsafe.Value.Position)).ToList();
        if (due.Count == 0)
        {
            return;
        }

        var begun = Stopwatch.GetTimestamp();
        await client.SyncAsync(cancellationToken);

        // What was acknowledged in an earlier life of the engine may be gone; the next batch will say so to the group.
        due.RemoveAll(d => d.Term.Instance is { } instance && instance != client.ServerInstance);
        if (due.Count == 0)
        {
            return;
        }

        await NoteAsync([.. due.Select(d => (d.Term, d.Position))], cancellationToken);
        foreach (var (lane, term, position) in due)
        {
            lane.MadeSafe(term, position);
        }

        AnalyticsInstruments.CheckpointDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    /// <summary>Up to where everything of a lane is safe.</summary>
    /// <remarks>What the log's lane has brought to disk is there whatever the partition; of a single partition's the log's lane can make nothing.</remarks>
    internal async Task<long> ReadAsync(Lane lane, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement("SELECT max(position) FROM loader_checkpoints WHERE `group` IN ({lane:String}, {family:String})").With("lane", lane.Name).With("family", lane.Family);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetInt64(0) : 0;
    }

    /// <summary>Up to where everything of each of several lanes is safe, by one read: as <see cref="ReadAsync(Lane, CancellationToken)"/> says it for one.</summary>
    internal async Task<IReadOnlyList<long>> ReadAsync(IReadOnlyCollection<Lane> lanes, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement("SELECT `group`, max(position) FROM loader_checkpoints WHERE `group` IN ({lanes:Array(String)}) GROUP BY `group`")
            .With("lanes", [.. lanes.SelectMany(l => (string[])[l.Name, l.Family]).Distinct(StringComparer.Ordinal)]);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        var safe = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await rows.ReadAsync())
        {
            safe[rows.GetString(0)] = rows.GetInt64(1);
        }

        return [.. lanes.Select(l => Math.Max(safe.GetValueOrDefault(l.Name), safe.GetValueOrDefault(l.Family)))];
    }

    private Task NoteAsync(IReadOnlyCollection<(LoaderTerm Term, long Position)> safe, CancellationToken cancellationToken) => client.ExecuteAsync(
        LoaderTerm.Name(new ClickHouseStatement(Note), [.. safe.Select(s => s.Term)]).With("positions", [.. safe.Select(s => s.Position)]), cancellationToken);
}

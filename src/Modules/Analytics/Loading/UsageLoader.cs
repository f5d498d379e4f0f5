using System.Collections.Concurrent;
using System.Diagnostics;
using Bxb.ClickHouse;
using Bxb.Riders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Analytics.Loading;

/// <summary>This host's lanes into ClickHouse: one for each partition that it reads, or one for the log. Thread-safe; each lane takes one batch at a time.</summary>
/// <remarks>
/// Whether the embedded engine may hold less than the group's progress says is a matter of all lanes, also of those to which nothing comes: after a start of the engine it is
/// believed again only when each lane of this host has been compared with it (see <see cref="EngineWatch"/>).
/// </remarks>
internal sealed partial class UsageLoader : IDisposable
{
    private readonly ConcurrentDictionary<Lane, LoaderLane> _lanes = new();
    private readonly ClickHouseClient _client;
    private readonly LoaderTerms _terms;
    private readonly RowWriters _writers;
    private readonly ILogger<UsageLoader> _logger;
    private volatile string? _believed;

    public UsageLoader(ClickHouseClient client, LoaderTerms terms, IOptions<AnalyticsOptions> options, ILogger<UsageLoader> logger)
    {
        (_client, _terms, _logger) = (client, terms, logger);
        _writers = new RowWriters(options.Value.ConcurrentInserts);
    }

    /// <summary>The life of the embedded engine that holds all that this host's progress says; null until the first take-over, and with a server.</summary>
    internal string? Believed => _believed;

    /// <summary>Whether the engine that answered last is in another life than the one that is believed: it may hold less than the progress says, until the group has gone back.</summary>
    internal bool MayHaveLost => _believed is { } believed && _client.ServerInstance is { } current && current != believed;

    /// <summary>Begins a term for a partition of this host, and says up to which position ClickHouse surely holds everything of it.</summary>
    /// <remarks>Asked again in between, nothing is begun where the term is one of the engine's present life: then everything is there.</remarks>
    internal async Task<long> TakeOverAsync(PartitionProgress progress, CancellationToken cancellationToken)
    {
        var lane = Find(progress.Topic, progress.Partition);
        if (progress.IsRecheck && lane.IsInTerm)
        {
            return progress.Position;
        }

        var durable = await lane.TakeOverAsync(cancellationToken);
        Interlocked.CompareExchange(ref _believed, lane.Instance, null);
        return durable;
    }

    /// <summary>Loads one batch.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown: give it again as a repeat.</exception>
    /// <exception cref="ProgressLostException">ClickHouse holds less than was acknowledged.</exception>
    internal Task LoadAsync(EventBatch batch, CancellationToken cancellationToken) => Find(batch.Topic, batch.Partition).LoadAsync(batch, cancellationToken);

    /// <summary>Every lane of this host has been compared with the engine in this life of it, and the group has gone back where it had to.</summary>
    internal void Believe(string? instance) => _believed = instance;

    /// <summary>Brings to disk what was acknowledged, once for all lanes, and notes how far each is safe; does nothing when there is nothing new.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    internal async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        var due = new List<(LoaderLane Lane, LoaderTerm Term, long Position)>();
        foreach (var (_, lane) in _lanes)
        {
            if (lane.Unsafe is { } it)
            {
                due.Add((lane, it.Term, it.Position));
            }
        }

        if (due.Count == 0)
        {
            return;
        }

        var begun = Stopwatch.GetTimestamp();
        await _client.SyncAsync(cancellationToken);

        // What was acknowledged in an earlier life of the engine may be gone; the next batch will say so to the group.
        due.RemoveAll(d => d.Term.Instance is { } instance && instance != _client.ServerInstance);
        if (due.Count == 0)
        {
            return;
        }

        await _terms.NoteCheckpointsAsync([.. due.Select(d => (d.Term, d.Position))], cancellationToken);
        foreach (var (lane, term, position) in due)
        {
            lane.MadeSafe(term, position);
        }

        AnalyticsInstruments.CheckpointDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        LogCheckpoint(due.Count, due.Max(d => d.Position));
    }

    public void Dispose() => _writers.Dispose();

    private LoaderLane Find(string? topic, int partition) =>
        _lanes.GetOrAdd(Lane.Of(topic, partition), static (lane, loader) => new LoaderLane(lane, loader._client, loader._terms, loader._writers, loader._logger), this);

    [LoggerMessage(7003, LogLevel.Debug, "Everything of {Lanes} lanes is on disk, of the foremost up to position {Position}")]
    private partial void LogCheckpoint(int lanes, long position);
}

using System.Collections.Concurrent;
using System.Globalization;

namespace Bxb.Embedded.Engine.Running;

/// <summary>The queries of this process by id. As in a server, an id belongs to one running query at a time.</summary>
internal sealed class RunningQueries
{
    private const int SameIdIsRunning = 216;

    private readonly ConcurrentDictionary<string, RunningQuery> _queries = new(StringComparer.Ordinal);
    private long _count;

    /// <summary>Registers a query; <see cref="Remove"/> ends it.</summary>
    /// <exception cref="EngineException">Another with its id is running.</exception>
    public RunningQuery Add(string id)
    {
        var query = new RunningQuery(id, $"bxb-{Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture)} {id}");
        if (_queries.TryAdd(id, query))
        {
            return query;
        }

        query.Dispose();
        throw EngineException.Own(SameIdIsRunning, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", $"Query with id = {id} is already running.");
    }

    /// <summary>The query with an id. With <paramref name="isPrefix"/>: all queries whose ids begin with <paramref name="id"/> and contain <paramref name="containing"/>, which may be empty.</summary>
    public IReadOnlyList<RunningQuery> Find(string id, bool isPrefix, string containing) =>
        isPrefix ? [.. _queries.Values.Where(q => q.Id.StartsWith(id, StringComparison.Ordinal) && q.Id.Contains(containing, StringComparison.Ordinal))]
        : _queries.TryGetValue(id, out var one) ? [one] : [];

    public void Remove(RunningQuery query)
    {
        _queries.TryRemove(query.Id, out _);
        query.End();
    }
}

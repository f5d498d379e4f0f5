using System.Collections.Concurrent;
using Bxb.EventLog;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Authentication;

/// <summary>
/// Cache of API keys. Thread-safe. An entry older than <see cref="ManagementOptions.KeyRefreshAfter"/> is looked up again in the background; none is used past
/// <see cref="ManagementOptions.KeyExpiresAfter"/>, counted from before its query was sent. So a revoked key is refused on every host by then, and while the database is away a cached key becomes
/// unavailable after that time, not valid and not wrong.
/// </summary>
/// <remarks>
/// Wrong keys are cached apart from valid ones, and both caches are bounded. A flood of wrong keys empties only the cache of wrong keys, and waits for
/// <see cref="ManagementOptions.MaxConcurrentKeyLookups"/> queries at a time.
/// </remarks>
internal sealed class ApiKeyCache(
    ApiKeyLookup lookup, ManagementInstruments instruments, IOptions<ManagementOptions> options, TimeProvider time, ILogger<ApiKeyCache> logger) : IDisposable
{
    private readonly ConcurrentDictionary<KeyHash, Entry> _known = new();
    private readonly ConcurrentDictionary<KeyHash, Entry> _wrong = new();
    private readonly ConcurrentDictionary<KeyHash, Lazy<Task<Entry>>> _running = new();
    private readonly Lock _writing = new();
    private readonly SemaphoreSlim _slots = new(options.Value.MaxConcurrentKeyLookups);
    private readonly ManagementOptions _options = options.Value;
    private readonly OutageLog _away = new(logger, "API keys cannot be looked up; requests with keys that are not remembered are answered 503", time);
    private long _generation;

    /// <summary>Number of cached keys, valid and wrong ones.</summary>
    public int Count => _known.Count + _wrong.Count;

    /// <summary>The cached answer. False: call <see cref="FindAsync"/>. No allocation unless a refresh is due.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="caller">Null for a key that is known to be wrong.</param>
    public bool TryGet(in KeyHash hash, out Caller? caller)
    {
        caller = null;
        if (!_known.TryGetValue(hash, out var entry) && !_wrong.TryGetValue(hash, out entry))
        {
            return false;
        }

        var age = time.GetElapsedTime(entry.AskedAt);
        if (age >= _options.KeyExpiresAfter)
        {
            return false;
        }

        if (age >= _options.KeyRefreshAfter && entry.TakeRefresh())
        {
            _ = RefreshAsync(hash);
        }

        caller = entry.Caller;
        return true;
    }

    /// <summary>The answer from the database; callers that ask for the same key at once share one query.</summary>
    /// <exception cref="Modularity.Errors.ApiException">503: the database does not answer, or not in time.</exception>
    public async ValueTask<Caller?> FindAsync(KeyHash hash, CancellationToken cancellationToken)
    {
        try
        {
            return (await AskAsync(hash).WaitAsync(_options.KeyLookupTimeout, time, cancellationToken)).Caller;
        }
        catch (Exception error) when (error.IsAway())
        {
            _away.Failed(error);
            throw StoreErrors.Unavailable();
        }
    }

    /// <summary>Forgets a key at once, also when a query for it is on its way.</summary>
    public void Forget(in KeyHash hash)
    {
        lock (_writing)
        {
            _generation++;
            _running.TryRemove(hash, out _);
            _known.TryRemove(hash, out _);
            _wrong.TryRemove(hash, out _);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _slots.Dispose();

    private Task<Entry> AskAsync(KeyHash hash) => _running.GetOrAdd(hash, static (h, cache) => new Lazy<Task<Entry>>(() => cache.AskOnceAsync(h)), this).Value;

    private async Task<Entry> AskOnceAsync(KeyHash hash)
    {
        await Task.Yield();
        try
        {
            using var patience = new CancellationTokenSource(_options.KeyLookupTimeout, time);
            while (true)
            {
                await _slots.WaitAsync(patience.Token);
                try
                {
                    var generation = Interlocked.Read(ref _generation);
                    var askedAt = time.GetTimestamp();
                    var entry = new Entry(await lookup.FindAsync(hash, patience.Token), askedAt);
                    _away.Succeeded();
                    instruments.LookedUp(entry.Caller is null ? "wrong" : "known");
                    if (TryRemember(hash, entry, generation))
                    {
                        return entry;
                    }
                }
                finally
                {
                    _slots.Release();
                }
            }
        }
        catch (OperationCanceledException slow)
        {
            instruments.LookedUp("late");
            throw new TimeoutException("The key could not be looked up in time.", slow);
        }
        finally
        {
            _running.TryRemove(hash, out _);
        }
    }

    /// <summary>False when any key was revoked or created since the query was sent: the answer may be older than that and the query is repeated.</summary>
    private bool TryRemember(KeyHash hash, Entry entry, long generation)
    {
        lock (_writing)
        {
            if (generation != _generation)
            {
                return false;
            }

            var (into, other) = entry.Caller is null ? (_wrong, _known) : (_known, _wrong);
            if (into.Count >= _options.MaxCachedKeys && !into.ContainsKey(hash))
            {
                // Emptying the cache costs one query per valid key. Choosing entries to evict would cost every request.
                into.Clear();
            }

            into[hash] = entry;
            other.TryRemove(hash, out _);
            return true;
        }
    }

    private async Task RefreshAsync(KeyHash hash)
    {
        try
        {
            await AskAsync(hash);
        }
        catch (Exception error)
        {
            _away.Failed(error);
        }
    }

    /// <summary>One remembered answer.</summary>
    private sealed class Entry(Caller? caller, long askedAt)
    {
        private int _refreshing;

        public Caller? Caller { get; } = caller;

        public long AskedAt { get; } = askedAt;

        /// <summary>True for one caller, which refreshes the entry. After a failed refresh the entry stays until it expires, and the next request looks the key up.</summary>
        public bool TakeRefresh() => Volatile.Read(ref _refreshing) == 0 && Interlocked.Exchange(ref _refreshing, 1) == 0;
    }
}

using System.Collections.Concurrent;
using Bxb.EventLog;
using Bxb.Management.Storage;
using Bxb.Modularity.Authorization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Management.Authentication;

/// <summary>
/// Cache of API keys. Thread-safe. An entry older than <see cref="ManagementOptions.KeyRefreshAfter"/> is looked up again in the background. No entry is used past
/// <see cref="ManagementOptions.KeyExpiresAfter"/>, counted from before its query was sent: by then every host refuses a revoked key, and while the database is away a cached key is neither valid nor
/// wrong but unavailable.
/// </summary>
/// <remarks>
/// Wrong keys have a cache of their own, and both caches are bounded: a flood of wrong keys evicts no valid one. At most <see cref="ManagementOptions.MaxConcurrentKeyLookups"/> queries run at a time.
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
    private readonly OutageLog _away = new(logger, "API keys cannot be looked up; requests with keys that are not cached are answered 503", time);
    private long _generation;

    /// <summary>Number of cached keys, valid and wrong.</summary>
    public int Count => _known.Count + _wrong.Count;

    /// <summary>The cached answer. False: call <see cref="FindAsync"/>. Allocates only when a refresh is due.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="caller">Null for a wrong key.</param>
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

    /// <summary>The answer from the database. Concurrent calls for the same key share one query.</summary>
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

    /// <summary>Removes a key from the cache. The answer of a query that runs meanwhile is not cached.</summary>
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

    /// <summary>Caches an answer. False when a key was revoked or created since its query was sent: the answer may be older than that, and the query is repeated.</summary>
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

    private sealed class Entry(Caller? caller, long askedAt)
    {
        private int _refreshing;

        public Caller? Caller { get; } = caller;

        public long AskedAt { get; } = askedAt;

        /// <summary>True for one caller, which refreshes the entry. After a failed refresh the entry is used until it expires.</summary>
        public bool TakeRefresh() => Volatile.Read(ref _refreshing) == 0 && Interlocked.Exchange(ref _refreshing, 1) == 0;
    }
}

namespace Bxb.Modularity.Http;

/// <summary>Limits the bytes that all requests hold. A request that does not fit is refused and not queued, because a queue would hold the bytes too.</summary>
/// <param name="limitBytes">Maximum number of bytes held at any time.</param>
/// <remarks>Thread-safe, without locks. Every reservation is released exactly once; <see cref="AdmissionLease"/> does so.</remarks>
public sealed class Admission(long limitBytes)
{
    private long _held;

    /// <summary>The bytes that all requests hold now.</summary>
    public long HeldBytes => Volatile.Read(ref _held);

    /// <summary>Reserves bytes if they fit. A refused request never counts, because the sum changes only by compare and swap.</summary>
    public bool TryReserve(long bytes)
    {
        var held = Volatile.Read(ref _held);
        while (held + bytes <= limitBytes)
        {
            var seen = Interlocked.CompareExchange(ref _held, held + bytes, held);
            if (seen == held)
            {
                return true;
            }

            held = seen;
        }

        return false;
    }

    /// <summary>Releases reserved bytes.</summary>
    public void Release(long bytes) => Interlocked.Add(ref _held, -bytes);
}

/// <summary>The bytes that one request holds of an <see cref="Admission"/>. Not thread-safe; disposal releases all of them.</summary>
/// <param name="admission">Counts the bytes of all requests.</param>
public sealed class AdmissionLease(Admission admission) : IDisposable
{
    private long _bytes;

    /// <summary>Reserves further bytes. Returns false, without a change, if they do not fit.</summary>
    public bool TryAdd(long bytes)
    {
        if (!admission.TryReserve(bytes))
        {
            return false;
        }

        _bytes += bytes;
        return true;
    }

    /// <summary>Releases bytes before the end of the request.</summary>
    public void Remove(long bytes)
    {
        admission.Release(bytes);
        _bytes -= bytes;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        admission.Release(_bytes);
        _bytes = 0;
    }
}

namespace Bxb.Modularity.Http;

/// <summary>Bounds the bytes that all requests hold at once. What does not fit is refused at once, never queued: a queue would only move the bytes.</summary>
/// <param name="limitBytes">The most bytes held at one moment.</param>
/// <remarks>Thread-safe, without locks. Every reservation is released exactly once; <see cref="AdmissionLease"/> does so.</remarks>
public sealed class Admission(long limitBytes)
{
    private long _held;

    /// <summary>Bytes held by all requests at this moment, 0 to the limit.</summary>
    public long HeldBytes => Volatile.Read(ref _held);

    /// <summary>Reserves the bytes if they fit under the limit. Compare and swap, so that a refused request never shows up in the sum of another one.</summary>
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

    /// <summary>Reserves further bytes; false, and nothing changed, if they do not fit.</summary>
    public bool TryAdd(long bytes)
    {
        if (!admission.TryReserve(bytes))
        {
            return false;
        }

        _bytes += bytes;
        return true;
    }

    /// <summary>Releases some of the bytes before the end of the request.</summary>
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

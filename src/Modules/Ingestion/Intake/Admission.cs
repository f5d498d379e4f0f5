namespace Bxb.Ingestion.Intake;

/// <summary>Bounds the bytes that all requests hold at once. What does not fit is refused at once, never queued: waiting would only move the queue into memory.</summary>
/// <remarks>Thread-safe and without locks. Whoever reserved releases, exactly once; <see cref="AdmissionLease"/> sees to that.</remarks>
internal sealed class Admission(long limitBytes)
{
    private long _held;

    /// <summary>Bytes held by all requests at this moment, 0 to the limit.</summary>
    public long HeldBytes => Volatile.Read(ref _held);

    /// <summary>Takes the bytes if they fit under the limit. Compare and swap, so that a refused request never shows up in another one's sum.</summary>
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

    /// <summary>Gives bytes back.</summary>
    public void Release(long bytes) => Interlocked.Add(ref _held, -bytes);
}

/// <summary>What one request holds of <see cref="Admission"/>. Not thread-safe; its disposal gives everything back.</summary>
internal sealed class AdmissionLease(Admission admission) : IDisposable
{
    private long _bytes;

    /// <summary>Holds so many bytes more; false, and nothing changed, if they do not fit.</summary>
    public bool TryAdd(long bytes)
    {
        if (!admission.TryReserve(bytes))
        {
            return false;
        }

        _bytes += bytes;
        return true;
    }

    /// <summary>Gives some of the bytes back before the request's end.</summary>
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

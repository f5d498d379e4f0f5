using System.Numerics;

namespace Bxb.LoadTest.Figures;

/// <summary>Durations in buckets of at most 1.6 % width, from a microsecond to an hour; nothing is allocated per value. Not thread-safe: one each, merged at the end.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubBuckets = 1 << SubBits;
    private readonly long[] _counts = new long[(33 - SubBits) * SubBuckets];

    /// <summary>Values recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest one, exactly.</summary>
    public TimeSpan Max { get; private set; }

    /// <summary>Counts a duration; a negative one as zero.</summary>
    public void Record(TimeSpan duration)
    {
        Max = duration > Max ? duration : Max;
        Count++;
        _counts[Index((long)Math.Clamp(duration.TotalMicroseconds, 0, uint.MaxValue))]++;
    }

    /// <summary>Counts what another one counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Max = other.Max > Max ? other.Max : Max;
    }

    /// <summary>The duration that this share of the values does not exceed: the upper edge of its bucket, so never too low. Zero without values.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public TimeSpan Percentile(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank && seen > 0)
            {
                var edge = TimeSpan.FromMicroseconds(UpperEdge(i));
                return edge < Max ? edge : Max;
            }
        }

        return Max;
    }

    /// <summary>The first 64 buckets are a microsecond wide; each further 64 twice as wide as the ones before.</summary>
    private static int Index(long microseconds)
    {
        if (microseconds < SubBuckets)
        {
            return (int)microseconds;
        }

        var shift = BitOperations.Log2((ulong)microseconds) - SubBits;
        return ((shift + 1) << SubBits) + (int)((microseconds >> shift) - SubBuckets);
    }

    private static long UpperEdge(int index)
    {
        var shift = (index >> SubBits) - 1;
        return shift < 0 ? index + 1 : ((long)((index & (SubBuckets - 1)) + SubBuckets + 1)) << shift;
    }
}

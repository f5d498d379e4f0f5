namespace Bxb.Riders.Delivery;

/// <summary>Says when a worker is to look for what somebody decided about its group: a dead letter to deliver again, a replay. At take-over, when this host was told, and at an interval for what other hosts were told.</summary>
internal sealed class RequestPoll(PartitionSession duty)
{
    /// <summary>How late at most a decision is noticed that another host was told.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private long _lookedAt;
    private bool _looked;

    /// <summary>Whether it is time; if so, the next time is reckoned from now.</summary>
    public bool IsDue()
    {
        if (!duty.Group.TakeWake(duty.Owned.Partition) && _looked && duty.Services.Time.GetElapsedTime(_lookedAt) < Interval)
        {
            return false;
        }

        _looked = true;
        _lookedAt = duty.Services.Time.GetTimestamp();
        return true;
    }
}

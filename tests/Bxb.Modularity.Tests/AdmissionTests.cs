using Bxb.Modularity.Http;

namespace Bxb.Modularity.Tests;

public sealed class AdmissionTests
{
    [Fact]
    public void Holds_no_more_than_the_limit_and_gets_everything_back()
    {
        var admission = new Admission(100);
        using (var lease = new AdmissionLease(admission))
        {
            lease.TryAdd(60).ShouldBeTrue();
            lease.TryAdd(41).ShouldBeFalse();
            lease.TryAdd(40).ShouldBeTrue();
            admission.HeldBytes.ShouldBe(100);
            lease.Remove(30);
            admission.TryReserve(30).ShouldBeTrue();
            admission.TryReserve(1).ShouldBeFalse();
        }

        admission.HeldBytes.ShouldBe(30);
    }

    [Fact]
    public async Task Many_at_once_never_hold_more_than_the_limit()
    {
        const long limit = 1000;
        var admission = new Admission(limit);
        long most = 0;
        await Parallel.ForAsync(0, 20_000, (i, _) =>
        {
            if (admission.TryReserve(i % 300 + 1))
            {
                InterlockedMax(ref most, admission.HeldBytes);
                admission.Release(i % 300 + 1);
            }

            return ValueTask.CompletedTask;
        });

        most.ShouldBeInRange(1, limit);
        admission.HeldBytes.ShouldBe(0);
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}

using Bxb.Analytics.Loading.Rows;
using Bxb.EventLog.Records;

namespace Bxb.Analytics.Tests.Loading;

public class MonthSlicerTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(48, 1)]
    [InlineData(49, 2)]
    [InlineData(600, 13)]
    public void Many_months_make_slices_that_hold_each_event_once(int months, int slices)
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var records = EventRecords.Rent();
        var order = Enumerable.Range(0, months).ToArray();
        random.Shuffle(order);
        for (var i = 0; i < 2 * months; i++)
        {
            // The first and the last millisecond of a month.
            var month = DateTimeOffset.UnixEpoch.AddMonths(order[i % months]);
            Events.Add(records, i + 1, "{}", i < months ? month : month.AddMonths(1).AddMilliseconds(-1));
        }

        var cut = MonthSlicer.Slice(Events.Batch(records));
        cut.Count.ShouldBe(slices, $"seed {seed}");
        MonthSlicer.Slice(Events.Batch(records)).ShouldBe(cut);
        using var rows = new UsageRowWriter();
        var seen = 0;
        foreach (var slice in cut)
        {
            rows.Write(Events.Batch(records), slice);
            rows.Count.ShouldBeInRange(1, 2 * MonthSlicer.MaxMonths);
            seen += rows.Count;
        }

        seen.ShouldBe(2 * months, $"seed {seed}");
    }
}

using Bxb.Analytics.Loading.Rows;
using Bxb.EventLog.Records;

namespace Bxb.Analytics.Tests.Loading;

public class UsageRowWriterTests
{
    [Fact]
    public void A_row_has_every_byte_in_its_place()
    {
        using var records = EventRecords.Rent();
        Events.Add(records, 258, """{"a.b": 1.50}""", DateTimeOffset.UnixEpoch.AddMilliseconds(1));
        using var rows = new UsageRowWriter();
        rows.Write(Events.Batch(records), MonthSlice.All);

        Convert.ToHexString(rows.Rows.Span).ShouldBe(
            "07000000" // organization_id
            + "06746F6B656E73" // code: tokens
            + "03737263" // source: src
            + "03632D38" // external_customer_id: c-8
            + "05742D323538" // transaction_id: t-258
            + "0100000000000000" // timestamp
            + "0201000000000000" // position
            + "FEFEFFFFFFFFFFFF" // digest
            + "01" // kind
            + "0600000000000000" // ingested_at
            + "10" + "7B226125324562223A22312E3530227D"); // properties: {"a%2Eb":"1.50"}
        (rows.Count, rows.HighestPosition, rows.EarliestMilliseconds, rows.LatestMilliseconds).ShouldBe((1, 258, 1, 1));
    }

    [Fact]
    public void An_entry_that_voids_an_event_is_no_row()
    {
        using var records = EventRecords.Rent();
        Events.Add(records, 1, "{}", Events.Start);
        Events.Add(records, 2, "{}", Events.Start.AddDays(-3), EventKind.Voided);
        Events.Add(records, 3, "{}", Events.Start.AddDays(2), EventKind.Amended);
        Events.Add(records, 4, "{}", Events.Start, EventKind.Voided);
        using var rows = new UsageRowWriter();

        rows.Write(Events.Batch(records), MonthSlice.All);
        (rows.Count, rows.HighestPosition).ShouldBe((2, 3L));
        rows.EarliestMilliseconds.ShouldBe(Events.Start.ToUnixTimeMilliseconds());
        rows.LatestMilliseconds.ShouldBe(Events.Start.AddDays(2).ToUnixTimeMilliseconds());

        var length = rows.Rows.Length;
        rows.Write(Events.Batch(records), MonthSlice.All);
        rows.Rows.Length.ShouldBe(length);
    }

    [Fact]
    public void Rows_are_written_without_an_object_per_event()
    {
        using var records = Events.Range(1, 5_000);
        using var rows = new UsageRowWriter();
        var batch = Events.Batch(records);
        rows.Write(batch, MonthSlice.All);
        rows.Write(batch, MonthSlice.All);
        var before = GC.GetAllocatedBytesForCurrentThread();
        rows.Write(batch, MonthSlice.All);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000);
    }
}

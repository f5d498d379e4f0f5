using System.Text;
using Bxb.EventLog.Appending;
using Bxb.Ingestion.Reading;
using Bxb.Ingestion.Rules;
using Bxb.Modularity.Http;

namespace Bxb.Ingestion.Tests.Reading;

public sealed class BatchReaderAllocationTests
{
    [Fact]
    public void A_good_event_allocates_nothing()
    {
        const int events = 1000;
        var options = new IngestionOptions();
        var reader = new BatchReader(new EventReader(options, TimeProvider.System), options);
        var body = Encoding.UTF8.GetBytes(Requests.Batch(Enumerable.Range(0, events).Select(i =>
            Requests.Event($"t-\u00e9-{i}", """{"region":"eu","bytes":1e3,"nested":{"b":[1,2.50,"x\n"],"a":null},"escaped":"\u00e9"}""", customer: "c\n1", timestamp: i % 2 == 0 ? "1767225600.125" : "\"2026-01-01T00:00:00.125+02:00\""))));

        // The least of some rounds: a collection in between empties the array pools, and whoever rents then pays once.
        var least = Enumerable.Range(0, 10).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Read(reader, body).ShouldBe(events);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        (least / (double)events).ShouldBeLessThan(4);
    }

    private static int Read(BatchReader reader, byte[] body)
    {
        using var lease = new AdmissionLease(new Admission(long.MaxValue));
        using var block = AppendBlock.Rent(1, body.Length, reader.EstimateEvents(body.Length));
        reader.ReadBatch(body, partial: false, block, lease, new EventFaults(), out _).ShouldBeNull();
        return block.Count;
    }
}

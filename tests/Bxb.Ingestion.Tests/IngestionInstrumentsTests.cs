using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Bxb.Ingestion.Tests;

[Collection(IngestionCollection.Name)]
public sealed class IngestionInstrumentsTests(IngestionApp app)
{
    [Fact]
    public async Task Events_are_counted_by_what_became_of_them()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "Bxb.Ingestion")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => counted.AddOrUpdate(instrument.Name + (tags.Length > 0 ? "/" + tags[0].Value : ""), value, (_, sum) => sum + value));
        listener.Start();

        var caller = app.NewOrganization();
        await caller.PostEventAsync(Requests.Event("t"));
        await caller.PostEventAsync(Requests.Event("t"));
        await caller.PostEventAsync(Requests.Event("t", """{"n":1}"""));
        await caller.PostBatchAsync(Requests.Batch("{}"), partial: true);
        await caller.PostEventAsync("{");

        // Other hosts of this process may count along, never less.
        counted["bxb.ingestion.events/recorded"].ShouldBeGreaterThanOrEqualTo(1);
        counted["bxb.ingestion.events/duplicate"].ShouldBeGreaterThanOrEqualTo(1);
        counted["bxb.ingestion.events/conflict"].ShouldBeGreaterThanOrEqualTo(1);
        counted["bxb.ingestion.events/rejected"].ShouldBeGreaterThanOrEqualTo(1);
        counted["bxb.ingestion.refused/invalid_json"].ShouldBeGreaterThanOrEqualTo(1);
        counted["bxb.ingestion.bytes"].ShouldBeGreaterThan(100);
    }
}

using System.Text;
using System.Text.Json;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Xunit.Abstractions;

namespace Bxb.Riders.Kafka.Tests.Records;

public sealed class UsageEventRoundTripTests(ITestOutputHelper output)
{
    private readonly UsageEventWriter _writer = new();

    [Fact]
    public void What_is_written_is_read_again_to_the_byte()
    {
        using var records = Hostile(20_000);
        using var read = EventRecords.Rent();
        for (var i = 0; i < records.Count; i++)
        {
            var value = _writer.Write(records[i]);
            UsageEventReader.Read(value, read, out var entry).ShouldBe(new UsageEventReading(UsageEventFault.None, records[i].Position, null), Encoding.UTF8.GetString(value));
            read.Add(in entry);
            UsageEventReader.TryReadPosition(value, out var position).ShouldBeTrue();
            position.ShouldBe(records[i].Position);
            ShouldBeSame(read[i], records[i]);
        }
    }

    [Fact]
    public void A_JSON_reader_of_somebody_else_reads_the_same()
    {
        using var records = Hostile(5_000);
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            using var document = JsonDocument.Parse(_writer.Write(record).ToArray(), new JsonDocumentOptions { MaxDepth = 256 });
            var root = document.RootElement;
            root.EnumerateObject().First().Name.ShouldBe("schema");
            root.GetProperty("position").GetInt64().ShouldBe(record.Position);
            root.GetProperty("source").GetString().ShouldBe(Encoding.UTF8.GetString(record.Source));
            root.GetProperty("transaction_id").GetString().ShouldBe(Encoding.UTF8.GetString(record.TransactionId));
            root.GetProperty("external_customer_id").GetString().ShouldBe(Encoding.UTF8.GetString(record.ExternalCustomerId));
            root.GetProperty("code").GetString().ShouldBe(Encoding.UTF8.GetString(record.Code));
            root.GetProperty("timestamp").GetDateTimeOffset().ToUnixTimeMilliseconds().ShouldBe(record.TimestampMilliseconds);
            root.GetProperty("digest").GetString().ShouldBe(record.Digest.ToString());
            root.GetProperty("properties").GetRawText().ShouldBe(Encoding.UTF8.GetString(record.Properties));
        }
    }

    [Fact]
    public void Any_order_spelling_and_further_members_say_the_same()
    {
        using var records = Hostile(5_000);
        using var read = EventRecords.Rent();
        var random = new Random(7);
        for (var i = 0; i < records.Count; i++)
        {
            using var document = JsonDocument.Parse(_writer.Write(records[i]).ToArray(), new JsonDocumentOptions { MaxDepth = 256 });
            var members = document.RootElement.EnumerateObject().Select(m => $"{JsonSerializer.Serialize(m.Name)} : {m.Value.GetRawText()}").ToList();
            members.Add("\"newer\": {\"position\": 1, \"schema\": [\"}\"]}");
            var shuffled = members.ToArray();
            random.Shuffle(shuffled);
            var value = Encoding.UTF8.GetBytes(" { " + string.Join(" ,\n", shuffled) + "}");
            UsageEventReader.Read(value, read, out var entry).ShouldBe(new UsageEventReading(UsageEventFault.None, records[i].Position, null));
            read.Add(in entry);
            ShouldBeSame(read[i], records[i]);
        }
    }

    [Fact]
    public void Reading_what_was_written_allocates_nothing()
    {
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, position: 1);
        var value = _writer.Write(records[0]).ToArray();
        using var read = EventRecords.Rent(1 << 22, 1 << 14);
        for (var i = 0; i < 200; i++)
        {
            UsageEventReader.Read(value, read, out _).IsRead.ShouldBeTrue();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            UsageEventReader.Read(value, read, out _);
            _writer.Write(records[0]);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private EventRecords Hostile(int count)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var events = new HostileEvents(new Random(seed));
        var records = EventRecords.Rent();
        for (var i = 0; i < count; i++)
        {
            events.AddTo(records);
        }

        return records;
    }

    private static void ShouldBeSame(EventRecord read, EventRecord written)
    {
        read.Position.ShouldBe(written.Position);
        read.OrganizationId.ShouldBe(written.OrganizationId);
        read.Kind.ShouldBe(written.Kind);
        read.TimestampMilliseconds.ShouldBe(written.TimestampMilliseconds);
        read.IngestedAtMilliseconds.ShouldBe(written.IngestedAtMilliseconds);
        read.Digest.ShouldBe(written.Digest);
        read.Source.SequenceEqual(written.Source).ShouldBeTrue();
        read.TransactionId.SequenceEqual(written.TransactionId).ShouldBeTrue();
        read.ExternalCustomerId.SequenceEqual(written.ExternalCustomerId).ShouldBeTrue();
        read.Code.SequenceEqual(written.Code).ShouldBeTrue();
        read.Properties.SequenceEqual(written.Properties).ShouldBeTrue();
        read.TraceParent.SequenceEqual(written.TraceParent).ShouldBeTrue();
    }
}

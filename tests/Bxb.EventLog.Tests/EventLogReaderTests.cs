using System.Text;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Xunit.Abstractions;

namespace Bxb.EventLog.Tests;

public sealed class EventLogReaderTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Any_stretch_reads_as_a_plain_select_does()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var log = await LogFixture.StartAsync(o => o.PartitionPositions = 1_000);
        var expected = await FillAsync(log, random);
        var head = await log.Settled.RefreshAsync(CancellationToken.None);
        for (var round = 0; round < 60; round++)
        {
            var after = random.NextInt64(-1, head + 2);
            var upTo = random.NextInt64(-1, head + 10);
            var maxRecords = 1 + random.Next(3_000);
            var maxBytes = 1 + random.Next(200_000);
            using var records = EventRecords.Rent(16, 1);
            var count = await log.Reader.ReadAsync(after, upTo, maxRecords, maxBytes, records, CancellationToken.None);

            count.ShouldBe(records.Count);
            var stretch = expected.Where(e => e.Position > after && e.Position <= upTo).ToList();
            count.ShouldBeLessThanOrEqualTo(Math.Min(maxRecords, stretch.Count), $"seed {seed}");
            for (var i = 0; i < count; i++)
            {
                Describe(records[i]).ShouldBe(stretch[i].Text, $"seed {seed}");
            }

            if (count < Math.Min(maxRecords, stretch.Count))
            {
                // Ended for its bytes: over the bound, but not before the last record.
                records.SizeInBytes.ShouldBeGreaterThanOrEqualTo(maxBytes, $"seed {seed}");
            }

            if (count > 1)
            {
                (records.SizeInBytes - Size(records[count - 1])).ShouldBeLessThan(maxBytes, $"seed {seed}");
            }
        }
    }

    [Fact]
    public async Task A_read_goes_on_behind_what_the_buffer_holds()
    {
        await using var log = await LogFixture.StartAsync();
        var positions = (await log.AppendAsync(1, Enumerable.Range(0, 50).Select(i => $"t-{i}").ToArray())).Select(a => a.Position).ToArray();
        using var records = EventRecords.Rent();
        (await log.Reader.ReadAsync(0, positions[^1], 20, 1_000_000, records, CancellationToken.None)).ShouldBe(20);
        (await log.Reader.ReadAsync(records.LastPosition, positions[^1], 100, 1, records, CancellationToken.None)).ShouldBe(1);
        (await log.Reader.ReadAsync(records.LastPosition, positions[^1], 100, 1_000_000, records, CancellationToken.None)).ShouldBe(29);
        Enumerable.Range(0, 50).Select(i => records[i].Position).ShouldBe(positions);
    }

    [Fact]
    public async Task A_read_can_be_broken_off_and_made_again()
    {
        await using var log = await LogFixture.StartAsync();
        var last = (await log.AppendAsync(1, Enumerable.Range(0, 5_000).Select(i => $"t-{i}").ToArray()))[^1].Position;
        for (var delay = 0; delay < 12; delay++)
        {
            using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(delay));
            using var some = EventRecords.Rent();
            try
            {
                await log.Reader.ReadAsync(0, last, 5_000, int.MaxValue, some, cancellation.Token);
            }
            catch (OperationCanceledException e)
            {
                e.CancellationToken.IsCancellationRequested.ShouldBeTrue();
            }
        }

        using var records = EventRecords.Rent();
        (await log.Reader.ReadAsync(0, last, 10_000, int.MaxValue, records, CancellationToken.None)).ShouldBe(5_000);
    }

    [Fact]
    public async Task A_read_touches_only_the_partitions_it_needs()
    {
        await using var log = await LogFixture.StartAsync(o => o.PartitionPositions = 1_000);
        await log.AppendAsync(1, Enumerable.Range(0, 5_000).Select(i => $"t-{i}").ToArray());
        await using var connection = await log.DataSource.OpenConnectionAsync();
        await using var explain = new Npgsql.NpgsqlCommand(
            "explain select * from event_log.events where position > 2100 and position <= 2200 order by position limit 10", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        var plan = new StringBuilder();
        while (await reader.ReadAsync())
        {
            plan.AppendLine(reader.GetString(0));
        }

        plan.ToString().ShouldContain("events_0000000002000");
        plan.ToString().ShouldNotContain("events_0000000001000");
        plan.ToString().ShouldNotContain("events_0000000003000");
    }

    private static async Task<List<(long Position, string Text)>> FillAsync(LogFixture log, Random random)
    {
        var documents = new RandomDocument(random);
        for (var block = 0; block < 30; block++)
        {
            using var events = AppendBlock.Rent(1 + random.Next(3));
            events.TraceParent = block % 2 == 0 ? null : $"00-{block:d32}-0000000000000001-01";
            for (var i = random.Next(200); i >= 0; i--)
            {
                var properties = random.Next(100) == 0 ? $$"""{"big":"{{new string('x', random.Next(60_000))}}"}""" : documents.Object();
                LogFixture.Add(events, $"t-{block}-{i}", properties, "kündin\u0001", "😀", random.Next(2) == 0 ? "" : "urn:x", random.NextInt64(-1_000_000_000_000, 4_000_000_000_000));
            }

            await log.AppendAsync(events);
            await log.ExecuteAsync("select nextval('event_log.position_seq') from generate_series(1, 50)");
        }

        var rows = new List<(long, string)>();
        await using var command = log.DataSource.CreateCommand(
            """
            select position, concat_ws('|', position, organization_id, kind, (extract(epoch from timestamp) * 1000)::bigint, (extract(epoch from ingested_at) * 1000)::bigint,
                digest, source, transaction_id, external_customer_id, code, properties, coalesce(trace_parent, '')) from event_log.events order by position
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetInt64(0), reader.GetString(1)));
        }

        return rows;
    }

    private static string Describe(EventRecord r) => string.Join(
        '|', r.Position, r.OrganizationId, (short)r.Kind, r.TimestampMilliseconds, r.IngestedAtMilliseconds, r.Digest, Encoding.UTF8.GetString(r.Source),
        Encoding.UTF8.GetString(r.TransactionId), Encoding.UTF8.GetString(r.ExternalCustomerId), Encoding.UTF8.GetString(r.Code), Encoding.UTF8.GetString(r.Properties),
        Encoding.UTF8.GetString(r.TraceParent));

    private static int Size(EventRecord r) =>
        r.Source.Length + r.TransactionId.Length + r.ExternalCustomerId.Length + r.Code.Length + r.Properties.Length + r.TraceParent.Length;
}

using System.Text;
using System.Text.Json;
using Bxb.LoadTest.Traffic;

namespace Bxb.LoadTest.Tests;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 50)]
    [InlineData(7, 0)]
    [InlineData(100, 12.5)]
    public void What_it_counts_is_what_it_sends(int batch, double duplicates)
    {
        var template = new EventTemplate("run", "code", 10);
        var body = new RequestBody(length => Encoding.ASCII.GetBytes($"{length}\r\n\r\n"), template, batch, duplicates, 3);
        var (sent, known, all, expected) = (new Dictionary<string, string>(StringComparer.Ordinal), 0, 0, new Sums());
        for (var i = 0; i < 50; i++)
        {
            body.Next("2026-01-01T00:00:00.000Z"u8);
            expected.Add(body.Fresh);
            known += body.Duplicates;
            foreach (var e in Parse(body.Request, batch))
            {
                all++;
                var id = e.GetProperty("transaction_id").GetString()!;
                if (!sent.TryAdd(id, e.GetRawText()))
                {
                    sent[id].ShouldBe(e.GetRawText(), "a duplicate has the same content");
                }
            }
        }

        all.ShouldBe(50 * batch);
        ((long)sent.Count).ShouldBe(expected.Events);
        known.ShouldBe(all - sent.Count);
        ((double)known / all * 100).ShouldBe(duplicates, 3);
        var regions = sent.Values.Select(t => JsonDocument.Parse(t).RootElement.GetProperty("properties"))
            .GroupBy(p => p.GetProperty("region").GetString()!, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (g.LongCount(), g.Sum(p => p.GetProperty("bytes").GetInt64())), StringComparer.Ordinal);
        regions.ShouldBe(expected.ByRegion.ToDictionary(), ignoreOrder: true);
    }

    [Fact]
    public void Connections_never_send_the_same_event()
    {
        var template = new EventTemplate("run", "code", 10);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var connection = 0; connection < 8; connection++)
        {
            var body = new RequestBody(_ => [], template, 10, 0, connection);
            for (var i = 0; i < 5; i++)
            {
                body.Next("2026-01-01T00:00:00.000Z"u8);
                Parse(body.Request, 10).All(e => ids.Add(e.GetProperty("transaction_id").GetString()!)).ShouldBeTrue();
            }
        }
    }

    private static IEnumerable<JsonElement> Parse(ReadOnlyMemory<byte> request, int batch)
    {
        var text = Encoding.ASCII.GetString(request.Span);
        var start = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var body = start < 0 ? text : text[(start + 4)..];
        if (start > 0)
        {
            text[..start].ShouldBe(body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        var root = JsonDocument.Parse(body).RootElement;
        return batch == 1 ? [root] : root.GetProperty("events").EnumerateArray();
    }
}

using System.Net;
using System.Text;

namespace Bxb.Ingestion.Tests.Http;

/// <summary>Bodies that were changed at random: whatever comes, the host answers, below 500, and keeps nothing of what it refused.</summary>
[Collection(IngestionCollection.Name)]
public sealed class HostileBodyTests(IngestionApp app)
{
    private const int Rounds = 2000;

    [Fact]
    public async Task No_bytes_bring_the_host_down_and_refused_ones_leave_nothing()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var caller = app.NewOrganization();
        var stored = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var batch = random.Next(2) == 0;
            var partial = batch && random.Next(2) == 0;
            var body = Mutate(random, Encoding.UTF8.GetBytes(batch ? Requests.Batch(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Document(random))) : Document(random)));
            var path = !batch ? "/v1/events" : partial ? "/v1/events/batch?partial=true" : "/v1/events/batch";
            var answer = await caller.SendAsync(path, body, encoding: random.Next(20) == 0 ? "gzip" : null, chunked: random.Next(4) == 0);
            ((int)answer.Status).ShouldBeLessThan(500, $"seed {seed}, round {i}, {Convert.ToBase64String(body)}: {string.Join(' ', app.Errors.Entries)}");
            stored += answer.Status == HttpStatusCode.Created ? (int?)answer.Json["ingested"] ?? 1 : 0;
            if (!batch && (int)answer.Status >= 400)
            {
                answer.Status.ShouldBeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity, HttpStatusCode.Conflict);
                answer.Detail.ShouldNotBeNullOrEmpty();
            }
        }

        stored.ShouldBeGreaterThan(Rounds / 100, $"seed {seed}: nearly nothing was good");
        (await caller.CountAsync()).ShouldBe(stored, $"seed {seed}");
        app.Errors.Entries.ShouldBeEmpty($"seed {seed}");
    }

    private static string Document(Random random) => Requests.Event($"t-{random.Next(500)}", Value(random, 0, isObject: true), timestamp: random.Next(4) switch
    {
        0 => null,
        1 => "1767225600." + random.Next(1000),
        2 => "\"2026-01-01T00:00:0" + random.Next(10) + "+05:45\"",
        _ => "\"1.7672256e9\"",
    });

    private static string Value(Random random, int depth, bool isObject = false) => (isObject ? 0 : random.Next(depth > 4 ? 2 : 0, 8)) switch
    {
        0 => "{" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i => $"{Text(random, i)}:{Value(random, depth + 1)}")) + "}",
        1 => "[" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1))) + "]",
        2 => "null",
        3 => random.Next(2) == 0 ? "true" : "false",
        4 => $"{random.Next(-5, 5)}.{random.Next(100)}e{random.Next(-60, 60)}",
        5 => new string('9', random.Next(1, 110)),
        _ => Text(random, random.Next(100)),
    };

    private static string Text(Random random, int salt) => random.Next(5) switch
    {
        0 => $"\"\\u{random.Next(0xD700, 0xE100):x4}{salt}\"",
        1 => $"\"😀\u0301.{salt}\"",
        2 => $"\"a.b\\\"/~{salt}\"",
        3 => $"\"\\u0000{salt}\"",
        _ => $"\"n{salt}\"",
    };

    private static byte[] Mutate(Random random, byte[] body)
    {
        var bytes = body.ToList();
        for (var edits = random.Next(3); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.Insert(at, (byte)"{}[]\",:\\0e-"[random.Next(11)]); break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.RemoveRange(at, random.Next(bytes.Count - at)); break;
                default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(40), bytes.Count - at))); break;
            }
        }

        return [.. bytes];
    }
}

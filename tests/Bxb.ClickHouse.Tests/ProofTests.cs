using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bxb.ClickHouse.Tests;

/// <summary>What a proxy, or a server that fails late, makes of an answer with status 200 is never taken for the answer.</summary>
public class ProofTests
{
    private const string Tag = "abcdefghijklmnop";
    private const string Timeout = "Code: 159. DB::Exception: Timeout exceeded: elapsed 30 seconds. (TIMEOUT_EXCEEDED) (version 26.5.1.1)";

    private static readonly ClickHouseStatement Query = new("SELECT 1");

    /// <summary>What stands in the place of the rest of an answer.</summary>
    private static readonly (string Name, string Text)[] Endings =
    [
        ("nothing", ""),
        ("bare", Timeout + "\n"),
        ("framed", $"\r\n__exception__\r\n{Tag}\r\n{Timeout}\n{Timeout.Length} {Tag}\r\n__exception__\r\n"),
        ("another tag", "\r\n__exception__\r\nqqqqqqqqqqqqqqqq\r\nbroken\n6 qqqqqqqqqqqqqqqq\r\n__exception__\r\n"),
        ("network", "Code: 210. DB::NetException: Connection reset by peer. (NETWORK_ERROR)"),
        ("keeper", "Code: 999. Coordination::Exception: Session expired. (KEEPER_EXCEPTION)"),
        ("page", "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"),
        ("zeros", new string('\0', 64)),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_cut_at_any_byte_is_an_error_whatever_follows(bool tagged)
    {
        var rows = ResultBytes.Numbers(5, textBytes: 4);
        var (cut, ending) = (0, "");
        await using var fake = await AnswerAsync(tagged, async c =>
        {
            var whole = await ResultBytes.WholeAsync(c, rows);
            // A text that fits exactly into the gap, too.
            return cut > whole.Length ? whole : [.. whole.AsSpan(0, cut), .. Encoding.ASCII.GetBytes(ending == "fits" ? new string('x', whole.Length - cut) : ending)];
        });
        using var client = fake.Client();
        var length = rows.Length + new AnswerTrailer().Length;
        foreach (var (name, text) in Endings.Append(("fits", "fits")))
        {
            ending = text;
            for (cut = 0; cut < length; cut++)
            {
                var error = await Should.ThrowAsync<ClickHouseException>(() => ReadAsync(client), $"cut at {cut}, {name}");
                (error.IsTransient, error.MayStillRun).ShouldBe((true, true), $"cut at {cut}, {name}: {error}");
            }
        }

        cut = int.MaxValue;
        (await ReadAsync(client)).ShouldBe([0UL, 1, 2, 3, 4]);
    }

    [Fact]
    public async Task A_long_answer_cut_anywhere_is_an_error()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var rows = ResultBytes.Numbers(20_000);
        var rowBytes = (rows.Length - ResultBytes.Numbers(0).Length) / 20_000;
        var (cut, ending) = (0, "");
        await using var fake = await AnswerAsync(tagged: true, async c =>
        {
            var whole = await ResultBytes.WholeAsync(c, rows);
            return [.. whole.AsSpan(0, cut), .. Encoding.ASCII.GetBytes(ending)];
        });
        using var client = fake.Client();
        // What was seen once; a row's edge; and whatever else.
        var edge = rows.Length - (rowBytes * 700);
        foreach (var at in new[] { 65_543, edge }.Concat(Enumerable.Range(0, 30).Select(_ => random.Next(rows.Length))))
        {
            (cut, ending) = (at, Endings[random.Next(Endings.Length)].Text);
            await Should.ThrowAsync<ClickHouseException>(() => ReadAsync(client), $"seed {seed}, cut at {cut}, {ending}");
        }

        (cut, ending) = (edge, "");
        (await Should.ThrowAsync<ClickHouseException>(() => ReadAsync(client))).IsUnproven.ShouldBeTrue();
    }

    [Fact]
    public async Task A_single_row_is_not_handed_out_before_its_answer_is_proven()
    {
        var rows = ResultBytes.Of([("n", "UInt64")], w => w.WriteUInt64(7));
        await using var fake = await AnswerAsync(tagged: false, _ => Task.FromResult(rows));
        using var client = fake.Client();
        (await Should.ThrowAsync<ClickHouseException>(async () =>
        {
            await using var row = await client.QueryAsync(Query);
            await row.ReadAsync();
        })).IsUnproven.ShouldBeTrue();
    }

    [Fact]
    public async Task Another_requests_answer_is_none()
    {
        byte[]? first = null;
        await using var fake = await AnswerAsync(tagged: false, async c => first ??= await ResultBytes.WholeAsync(c, ResultBytes.Numbers(3)));
        using var client = fake.Client();
        (await ReadAsync(client)).Count.ShouldBe(3);
        (await Should.ThrowAsync<ClickHouseException>(() => ReadAsync(client))).IsUnproven.ShouldBeTrue();
    }

    [Fact]
    public async Task A_statement_is_done_only_when_its_answer_is_empty()
    {
        var ending = "";
        await using var fake = await AnswerAsync(tagged: true, c =>
        {
            c.Response.Headers["X-ClickHouse-Summary"] = """{"read_rows":"3","written_rows":"3"}""";
            return Task.FromResult(Encoding.ASCII.GetBytes(ending));
        });
        using var client = fake.Client();
        Func<Task>[] calls = [() => client.ExecuteAsync(Query), () => client.InsertAsync(Query, new byte[10], 3), () => client.ExecuteOutsideAsync(Query, default), () => client.SyncAsync()];
        foreach (var call in calls)
        {
            foreach (var (name, text) in Endings[1..])
            {
                ending = text;
                var error = await Should.ThrowAsync<ClickHouseException>(call, name);
                (error.IsTransient, error.MayStillRun).ShouldBe((true, true), $"{name}: {error}");
            }

            ending = "";
            await call();
        }
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("{}", false)]
    [InlineData("""{"read_rows":"10","written_rows":"0"}""", false)]
    [InlineData("""{"read_rows":"10","written_rows":"9"}""", false)]
    [InlineData("""{"written_rows":"x"}""", false)]
    [InlineData("""{"read_rows":"10","written_rows":"10","elapsed_ns":"1"}""", true)]
    [InlineData("""{"written_rows":"20"}""", true)]
    public async Task An_insert_is_done_only_when_the_server_says_that_it_has_written_the_rows(string? summary, bool done)
    {
        await using var fake = await AnswerAsync(tagged: true, c =>
        {
            if (summary is not null)
            {
                c.Response.Headers["X-ClickHouse-Summary"] = summary;
            }

            return Task.FromResult<byte[]>([]);
        });
        using var client = fake.Client();
        if (done)
        {
            await client.InsertAsync(Query, new byte[10], 10);
            return;
        }

        var error = await Should.ThrowAsync<ClickHouseException>(() => client.InsertAsync(Query, new byte[10], 10));
        (error.IsUnproven, error.IsTransient, error.MayStillRun).ShouldBe((true, true, true));
    }

    private static Task<FakeClickHouse> AnswerAsync(bool tagged, Func<HttpContext, Task<byte[]>> bytes) => FakeClickHouse.StartAsync(async c =>
    {
        if (tagged)
        {
            c.Response.Headers["X-ClickHouse-Exception-Tag"] = Tag;
        }

        await c.Response.Body.WriteAsync(await bytes(c));
    });

    private static async Task<List<ulong>> ReadAsync(ClickHouseClient client)
    {
        var numbers = new List<ulong>();
        await using var result = await client.QueryAsync(Query);
        while (await result.ReadAsync())
        {
            numbers.Add(result.GetUInt64(0));
        }

        return numbers;
    }
}

using System.Text;

namespace Bxb.Host.Tests.Cli.Import;

public sealed class NdjsonImportTests : ImportFixture
{
    [Fact]
    public async Task Lines_go_out_as_they_are_whatever_their_ends()
    {
        var third = Event(3, """, "properties": {"b": 1.50, "a":  "é"}""");
        var file = await WriteAsync("a.ndjson", "\uFEFF" + Event(1) + "\r\n\n  \t\r\n" + Event(2) + "\n" + third);

        var result = await ImportAsync(file);

        result.ExitCode.ShouldBe(0);
        (result.Counts.Ingested, result.Counts.Rejected, result.Counts.Line, result.Counts.FileBytes).ShouldBe((3, 0, 5, file.Length));
        Host.Events["t-3"].ShouldBe(third);
    }

    [Fact]
    public async Task Twice_the_same_file_changes_nothing_also_without_ids()
    {
        const string Line = """{"external_customer_id":"c","code":"calls"}""";
        var file = await WriteAsync("a.ndjson", string.Join('\n', Line, Line, "{\"code\":\"x\",\"properties\":{\"transaction_id\":\"inner\"}}", Event(1)));

        (await ImportAsync(file)).Counts.Ingested.ShouldBe(4);
        var again = await ImportAsync(file);

        (again.Counts.Ingested, again.Counts.Duplicates, again.Counts.Conflicts).ShouldBe((0, 4, 0));
        Host.Events.Count.ShouldBe(4);
        Host.Events.Keys.Count(k => k.Length == 37 && k.StartsWith("line-", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task Bad_lines_are_named_and_the_rest_goes_on()
    {
        byte[][] lines =
        [
            Encoding.UTF8.GetBytes(Event(1)),
            "{\"transaction_id\":"u8.ToArray(),
            Encoding.UTF8.GetBytes(Event(2) + "," + Event(3)),
            "[]"u8.ToArray(),
            [.. "{\"code\":\""u8, 0xC3, 0x28, .. "\"}"u8],
            Encoding.UTF8.GetBytes(Event(4, ",\"properties\":{\"x\":\"" + new string('x', 2000) + "\"}")),
            "{\"transaction_id\":\"no-code\"}"u8.ToArray(),
            "{}"u8.ToArray(),
            Encoding.UTF8.GetBytes(Event(5)),
        ];
        var file = await WriteAsync("a.ndjson", lines.SelectMany(l => l.Append((byte)'\n')).ToArray());

        var result = await ImportAsync(Settings(file) with { MaxLineBytes = 1024 });

        result.ExitCode.ShouldBe(1);
        (result.Counts.Ingested, result.Counts.Rejected).ShouldBe((2, 7));
        Reports.Select(r => r.Split(':')[0]).Order(StringComparer.Ordinal).ShouldBe(["line 2", "line 3", "line 4", "line 5", "line 6", "line 7", "line 8"]);
        Reports.ShouldContain("line 7: /code: is required");
        Reports.ShouldContain("line 5: not UTF-8");
    }

    [Fact]
    public async Task A_line_that_spoils_a_request_of_many_is_found_and_the_others_are_taken()
    {
        var lines = Enumerable.Range(1, 100).Select(i => i is 37 or 93 ? Event(i, ",\"code\":\"again\"") : Event(i));

        var result = await ImportAsync(await WriteAsync("a.ndjson", string.Join('\n', lines)));

        (result.Counts.Ingested, result.Counts.Rejected).ShouldBe((98, 2));
        Reports.Order(StringComparer.Ordinal).ShouldBe(["line 37: An object names a member twice.", "line 93: An object names a member twice."]);
    }

    [Fact]
    public async Task More_refused_lines_than_an_answer_tells_are_counted_all_the_same()
    {
        var result = await ImportAsync(await WriteAsync("a.ndjson", string.Concat(Enumerable.Repeat("{}\n", 250))));

        result.Counts.Rejected.ShouldBe(250);
        Reports.ShouldContain("lines 1 to 250: 150 more refused; an answer lists at most 100 (a smaller --batch lists all)");
    }

    [Fact]
    public async Task Batches_keep_to_the_size_that_was_asked_for_and_connections_share_them()
    {
        var result = await ImportAsync(Settings(await WriteAsync("a.ndjson", Events(1005))) with { Batch = 100, Connections = 3 });

        (result.Counts.Ingested, result.Counts.Line).ShouldBe((1005, 1005));
        Host.RequestSizes.Max().ShouldBe(100);
        Host.RequestSizes.Count.ShouldBe(11);
    }

    [Fact]
    public async Task An_empty_file_is_no_error()
    {
        var result = await ImportAsync(await WriteAsync("a.ndjson", ""));

        (result.ExitCode, result.Counts.Events).ShouldBe((0, 0));
        Host.RequestSizes.ShouldBeEmpty();
    }

    [Fact]
    public async Task Other_content_under_a_known_id_is_counted_as_a_conflict()
    {
        await ImportAsync(await WriteAsync("a.ndjson", Event(1)));
        var result = await ImportAsync(await WriteAsync("b.ndjson", Event(1, ",\"properties\":{\"x\":1}")));

        (result.Counts.Conflicts, result.ExitCode).ShouldBe((1, 0));
    }
}

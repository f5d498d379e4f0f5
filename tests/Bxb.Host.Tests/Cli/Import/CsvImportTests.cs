using System.Text;
using Bxb.Host.Cli;
using Bxb.Host.Cli.Import;

namespace Bxb.Host.Tests.Cli.Import;

public sealed class CsvImportTests : ImportFixture
{
    private static readonly string[] LlmCall = ["code=llm_call", "external_customer_id=acme"];

    [Fact]
    public async Task Columns_become_properties_and_times_get_their_offset()
    {
        var file = await WriteAsync("calls.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8");

        var result = await ImportAsync(Settings(file) with { Csv = Mapping(["timestamp=TIMESTAMP"], LlmCall) });

        (result.ExitCode, result.Counts.Ingested, result.Counts.FileBytes).ShouldBe((0, 2, file.Length));
        var first = Received.Single(e => e.GetRawText().Contains("4808", StringComparison.Ordinal)).GetRawText();
        first[first.IndexOf("external", StringComparison.Ordinal)..].ShouldBe(
            """external_customer_id":"acme","code":"llm_call","timestamp":"2023-11-16T18:17:03.9799600Z","properties":{"ContextTokens":4808,"GeneratedTokens":10}}""");
    }

    [Fact]
    public async Task Equal_rows_are_different_events_and_twice_the_file_changes_nothing()
    {
        var settings = Settings(await WriteAsync("a.csv", "n\r\n1\r\n1\r\n\r\n1\r\n")) with { Csv = Mapping([], LlmCall) };

        (await ImportAsync(settings)).Counts.Ingested.ShouldBe(3);
        (await ImportAsync(settings)).Counts.Duplicates.ShouldBe(3);

        await WriteAsync("a.csv", "n\n1\n1\n\n1");
        (await ImportAsync(settings)).Counts.Duplicates.ShouldBe(3, "line ends are no content");
        (await ImportAsync(settings with { FileId = "b.csv" })).Counts.Ingested.ShouldBe(3, "another file's rows are other events");
    }

    [Fact]
    public async Task Members_take_the_columns_of_their_names_and_quotes_hold_anything()
    {
        var file = await WriteAsync("a.csv", "\uFEFFtransaction_id,external_customer_id,code,note,zip,empty,n\n\"a,1\",\"c \"\"x\"\"\",calls,\"two\nlines\",01234,,1e3\n");

        await ImportAsync(Settings(file) with { Csv = Mapping([], [], text: ["n"]) });

        Host.Events["a,1"].ShouldBe("""{"transaction_id":"a,1","external_customer_id":"c \"x\"","code":"calls","properties":{"note":"two\nlines","zip":"01234","n":"1e3"}}""");
    }

    [Fact]
    public async Task Bad_rows_are_named_by_their_line()
    {
        byte[] text = [.. "a,b\n1,2\n\"x\ny\",2\n1\n1,2,3\n"u8, .. "1,"u8, 0xFF, .. "\n1,x\"y\"\n3,4\n"u8];

        var result = await ImportAsync(Settings(await WriteAsync("a.csv", text)) with { Csv = Mapping([], LlmCall) });

        (result.ExitCode, result.Counts.Ingested).ShouldBe((1, 3));
        Reports.ShouldBe(["line 5: has 1 fields, the header has 2", "line 6: has 3 fields, the header has 2", "line 7: not UTF-8", "line 8: a quote is misplaced"]);
    }

    [Fact]
    public async Task A_quote_that_nothing_closes_ends_it_after_what_stood_before()
    {
        var file = await WriteAsync("a.csv", "a,b\n1,2\n3,\"" + new string('x', 500_000) + "\n4,5\n");

        var result = await ImportAsync(Settings(file) with { Csv = Mapping([], LlmCall), MaxLineBytes = 4096 });

        (result.ExitCode, result.Counts.Ingested).ShouldBe((2, 1));
        result.Failure!.Message.ShouldContain("line 2");
    }

    [Theory]
    [InlineData("a,a\n", "twice")]
    [InlineData("", "empty")]
    [InlineData("a,\n1,2\n", "no name")]
    public async Task Headers_that_cannot_be_understood_are_refused(string content, string says)
    {
        var result = await ImportAsync(Settings(await WriteAsync("a.csv", content)) with { Csv = Mapping([], LlmCall) });

        result.ExitCode.ShouldBe(2);
        result.Failure!.Message.ShouldContain(says);
    }

    [Fact]
    public async Task A_member_from_nowhere_is_refused_with_the_columns_that_there_are()
    {
        var result = await ImportAsync(Settings(await WriteAsync("a.csv", "x,y\n1,2\n")) with { Csv = Mapping([], ["code=calls"]) });

        result.Failure!.Message.ShouldBe("No column gives external_customer_id: say --map external_customer_id=COLUMN or --set external_customer_id=VALUE. The columns are x, y.");
    }

    [Theory]
    [InlineData("2023-11-16 18:17:03.9799600", "2023-11-16T18:17:03.9799600+02:00")]
    [InlineData("2023-11-16T18:17:03", "2023-11-16T18:17:03+02:00")]
    [InlineData("2023-11-16 18:17", "2023-11-16T18:17:00+02:00")]
    [InlineData("2023-11-16", "2023-11-16T00:00:00+02:00")]
    [InlineData("2023-11-16 18:17:03 -05:30", "2023-11-16T18:17:03-05:30")]
    [InlineData("2023-11-16t18:17:03z", "2023-11-16T18:17:03Z")]
    [InlineData("1700000000.5", "1700000000.5")]
    [InlineData("16.11.2023", "16.11.2023")]
    public void Times_become_iso(string text, string iso) => CsvValues.ToIso(text, "+02:00").ShouldBe(iso);

    [Theory]
    [InlineData("0", true)]
    [InlineData("-0.50", true)]
    [InlineData("12345678901234567890.123456789012345678", true)]
    [InlineData("-0.5", true)]
    [InlineData("10", true)]
    [InlineData("1e3", false)]
    [InlineData("1E5", false)]
    [InlineData("100E10", false)]
    [InlineData("1e-5", false)]
    [InlineData("-0", false)]
    [InlineData("-0.00", false)]
    [InlineData("00", false)]
    [InlineData("-", false)]
    [InlineData("", false)]
    [InlineData("007", false)]
    [InlineData("+1", false)]
    [InlineData(".5", false)]
    [InlineData("5.", false)]
    [InlineData(" 1", false)]
    [InlineData("1\n", false)]
    [InlineData("1,000", false)]
    [InlineData("NaN", false)]
    [InlineData("0x10", false)]
    [InlineData("١", false)]
    public void Numbers_are_plain_decimals(string text, bool isNumber) => CsvValues.IsPlainDecimal(text).ShouldBe(isNumber);

    [Theory]
    [InlineData("1E5")]
    [InlineData("100E10")]
    [InlineData("1e-5")]
    [InlineData("-0")]
    [InlineData("007")]
    [InlineData("+1")]
    [InlineData("n/a")]
    public async Task One_text_makes_a_column_text(string text)
    {
        var file = await WriteAsync("a.csv", $"transaction_id,part,n\n1,5,5\n2,7,7\n3,{text},\n4,,1.50\n");

        var result = await ImportAsync(Settings(file) with { Csv = Mapping([], LlmCall) });

        Host.Events["1"].ShouldEndWith("""{"part":"5","n":5}}""");
        Host.Events["3"].ShouldEndWith($$$"""{"part":"{{{text}}}"}}""");
        Host.Events["4"].ShouldEndWith("""{"n":1.50}}""");
        result.Notes.ShouldBe(["numbers     n", $"text        part: line 4 has '{text}', which is not a plain decimal"]);
    }

    [Fact]
    public async Task The_type_is_of_the_whole_file_not_of_its_beginning()
    {
        var rows = string.Concat(Enumerable.Range(0, 5000).Select(i => $"t-{i},{i}\n"));
        var result = await ImportAsync(Settings(await WriteAsync("a.csv", "transaction_id,n\n" + rows + "last,1E5\n")) with { Csv = Mapping([], LlmCall) });

        result.Counts.Ingested.ShouldBe(5001);
        Host.Events["t-0"].ShouldEndWith("""{"n":"0"}}""");
        result.Notes[0].ShouldBe("numbers     none");
    }

    [Fact]
    public async Task Options_decide_the_type_and_what_does_not_fit_is_refused_by_line()
    {
        var file = await WriteAsync("a.csv", "transaction_id,zip,n,m\n1,12345,5,1\n2,10001,1E5,2\n3,10002,,3\n4,10003,007,4\n");

        var result = await ImportAsync(Settings(file) with { Csv = Mapping([], LlmCall, text: ["zip,m"], numbers: ["n"]) });

        (result.ExitCode, result.Counts.Ingested, result.Counts.Rejected).ShouldBe((1, 2, 2));
        Host.Events["1"].ShouldEndWith("""{"zip":"12345","n":5,"m":"1"}}""");
        Reports.ShouldBe(["line 3: n is a column of numbers, and 1E5 is not a plain decimal", "line 5: n is a column of numbers, and 007 is not a plain decimal"]);
        result.Notes.ShouldBe(["numbers     n"]);
    }

    [Fact]
    public async Task Rows_that_are_refused_decide_no_type()
    {
        var result = await ImportAsync(Settings(await WriteAsync("a.csv", "transaction_id,n\n1,5\n2,x,y\n3,\"x\"y\n")) with { Csv = Mapping([], LlmCall) });

        (result.Counts.Ingested, result.Counts.Rejected).ShouldBe((1, 2));
        result.Notes.ShouldBe(["numbers     n"]);
    }

    [Fact]
    public async Task A_pipe_is_read_once_and_its_columns_are_text_unless_named()
    {
        var file = await WriteAsync("rows.csv", "transaction_id,n,m\n1,5,6\n");
        var pipe = new FileInfo(file.FullName + ".fifo");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe.FullName))
        {
            await made.WaitForExitAsync();
        }

        var settings = Settings(file) with { File = pipe, Csv = Mapping([], LlmCall, numbers: ["m"]) };
        // Opening a pipe waits for its other end.
        var import = Task.Run(() => ImportAsync(settings));
        await using (var writer = new FileStream(pipe.FullName, FileMode.Open, FileAccess.Write))
        {
            await writer.WriteAsync(await File.ReadAllBytesAsync(file.FullName));
        }

        var result = await import;
        result.ExitCode.ShouldBe(0, result.Failure?.Message);
        Host.Events["1"].ShouldEndWith("""{"n":"5","m":6}}""");
        result.Notes.ShouldBe(["numbers     m", "text        n: a pipe is read once; name columns of numbers with --number"]);
    }

    [Fact]
    public void A_column_has_one_type() => Should.Throw<CommandException>(() => Mapping([], [], text: ["a"], numbers: ["b,a"])).Message.ShouldContain("--text and by --number");

    [Theory]
    [InlineData("colour=x", "", "knows")]
    [InlineData("code", "", "must be like")]
    [InlineData("code=a", "code=b", "--map and by --set")]
    public void Mappings_that_cannot_be_understood_are_refused(string map, string set, string says)
        => Should.Throw<CommandException>(() => Mapping([map], set.Length == 0 ? [] : [set])).Message.ShouldContain(says);

    private static CsvMapping Mapping(string[] map, string[] set, string[]? properties = null, string[]? text = null, string[]? numbers = null)
        => CsvMapping.Parse(map, set, properties ?? [], text ?? [], numbers ?? [], "Z", ",");

    [Fact]
    public async Task Chosen_columns_get_their_new_names()
    {
        await ImportAsync(Settings(await WriteAsync("a.csv", "transaction_id,In,Out,x\nt,1,2,3\n")) with { Csv = Mapping([], LlmCall, ["In=tokens_in,Out"]) });

        Encoding.UTF8.GetByteCount(Host.Events["t"]).ShouldBeGreaterThan(0);
        Host.Events["t"].ShouldEndWith("""
            "properties":{"tokens_in":1,"Out":2}}
            """);
    }
}

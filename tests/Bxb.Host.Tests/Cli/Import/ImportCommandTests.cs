using System.CommandLine;
using Bxb.Host.Cli.Import;

namespace Bxb.Host.Tests.Cli.Import;

public sealed class ImportCommandTests : ImportFixture
{
    private readonly List<string> _printed = [];
    private readonly List<string> _complaints = [];

    [Fact]
    public async Task The_verb_imports_and_prints_the_counts()
    {
        var file = await WriteAsync("a.csv", "when,tokens\n2026-01-01 00:00:00,5\n");

        var exit = await RunAsync(file.FullName, "--url", Host.Url.ToString(), "--api-key", FakeIngest.Key, "--map", "timestamp=when", "--set", "code=llm", "--set", "external_customer_id=acme");

        exit.ShouldBe(0, string.Join('\n', _complaints));
        _printed.ShouldContain("ingested    1");
        _printed.ShouldContain("position    1");
        _printed.ShouldContain("numbers     tokens");
        Host.Events.Values.Single().ShouldEndWith("\"timestamp\":\"2026-01-01T00:00:00Z\",\"properties\":{\"tokens\":5}}");
    }

    [Fact]
    public async Task The_key_is_read_from_the_data_directory()
    {
        var key = await WriteAsync("api-key", FakeIngest.Key + "\n");
        var exit = await RunAsync((await WriteAsync("a.ndjson", Event(1))).FullName, "--url", Host.Url.ToString(), "--data-directory", key.DirectoryName! + "\n");

        exit.ShouldBe(0, string.Join('\n', _complaints));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gateway/bxb")]
    [InlineData("gateway/bxb/")]
    public async Task The_path_of_the_url_stays_before_the_call(string path)
    {
        var exit = await RunAsync((await WriteAsync("a.ndjson", Event(1))).FullName, "--url", Host.Url + path, "--api-key", FakeIngest.Key);

        exit.ShouldBe(0, string.Join('\n', _complaints));
        Host.PathBases.ShouldHaveSingleItem().ShouldBe(path.Length == 0 ? "" : "/gateway/bxb");
    }

    [Fact]
    public async Task An_address_that_is_not_Bxbs_is_told_with_what_was_asked()
    {
        var exit = await RunAsync((await WriteAsync("a.ndjson", Event(1))).FullName, "--url", Host.Url + "elsewhere/", "--api-key", FakeIngest.Key);

        exit.ShouldBe(2);
        _complaints.ShouldContain(c => c.Contains($"The host answered 404 to POST {Host.Url}elsewhere/v1/events/batch?partial=true. It gave no reason", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("localhost:8080")]
    [InlineData("ftp://s3cr3t/")]
    [InlineData("http://u:s3cr3t@h/")]
    [InlineData("http://h/?s3cr3t")]
    [InlineData("http://h/#s3cr3t")]
    [InlineData("http://h:s3cr3t/")]
    public void A_bad_url_is_refused_in_a_sentence(string url)
    {
        var errors = new RootCommand { ImportCommand.Create() }.Parse(["import", "a.ndjson", "--url", url]).Errors;

        errors.ShouldHaveSingleItem().Message.ShouldStartWith("--url must be like http://localhost:8080");
        errors[0].Message.ShouldNotContain("s3cr3t");
    }

    [Theory]
    [InlineData("--batch must be", "--batch", "0")]
    [InlineData("--batch must be", "--batch", "10001")]
    [InlineData("for CSV", "--set", "code=x")]
    [InlineData("for CSV", "--number", "x")]
    [InlineData("does not know --mapp", "--mapp", "code=x")]
    [InlineData("No API key", "--data-directory", "/nowhere")]
    public async Task Wrong_options_end_it_with_a_sentence(string says, params string[] options)
    {
        string[] key = says == "No API key" ? [] : ["--api-key", FakeIngest.Key];
        var exit = await RunAsync([(await WriteAsync("a.ndjson", Event(1))).FullName, "--url", Host.Url.ToString(), .. key, .. options]);

        exit.ShouldBe(2);
        _complaints.ShouldHaveSingleItem().ShouldContain(says);
        Host.RequestSizes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_is_not_there_or_has_no_known_extension_ends_it()
    {
        (await RunAsync("/nowhere/a.ndjson", "--api-key", "k")).ShouldBe(2);
        (await RunAsync((await WriteAsync("a.txt", "")).FullName, "--api-key", "k")).ShouldBe(2);
        _complaints.Count.ShouldBe(2);
    }

    private Task<int> RunAsync(params string[] arguments)
    {
        var parsed = new RootCommand { TreatUnmatchedTokensAsErrors = false, Subcommands = { ImportCommand.Create() } }.Parse(["import", .. arguments]);
        parsed.Errors.ShouldBeEmpty();
        return ImportCommand.RunAsync(parsed, _printed.Add, _complaints.Add, CancellationToken.None);
    }
}

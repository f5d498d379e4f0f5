using System.CommandLine;
using System.Text.Json.Nodes;
using Bxb.Host.Cli.Replay;
using Spectre.Console;

namespace Bxb.Host.Tests.Cli.Replay;

public sealed class ReplayCommandTests : IAsyncLifetime
{
    private readonly List<string> _printed = [];
    private readonly List<string> _complaints = [];
    private readonly CancellationTokenSource _cancel = new();
    private FakeReplays _host = null!;
    private string _path = "";

    public async Task InitializeAsync() => _host = await FakeReplays.StartAsync();

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _cancel.Dispose();
    }

    [Fact]
    public async Task The_verb_asks_follows_and_says_how_it_ended()
    {
        _host.DoneAfter = 1;
        (await RunAsync("analytics", "--from-position", "0", "--to-time", "2026-02-01T00:00:00Z", "--source", "log")).ShouldBe(0, string.Join('\n', _complaints));
        JsonNode.DeepEquals(_host.Asked.Single(), JsonNode.Parse("""{"into": "live", "source": "log", "from_position": 0, "to_time": "2026-02-01T00:00:00Z"}""")).ShouldBeTrue();
        _printed[0].ShouldBe("analytics running  0 events, position 0, 0 %");
        _printed.ShouldContain("state       done");
        _printed.ShouldContain("events      10");
        _printed.ShouldContain("seconds     5.0");
    }

    [Fact]
    public async Task Offsets_are_pairs()
    {
        _host.DoneAfter = 0;
        (await RunAsync("analytics", "--from-offsets", "0=123, 11=5")).ShouldBe(0, string.Join('\n', _complaints));
        JsonNode.DeepEquals(_host.Asked.Single()["from_offsets"], JsonNode.Parse("""{"0": 123, "11": 5}""")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_copy_needs_no_start()
    {
        _host.DoneAfter = 0;
        (await RunAsync("analytics", "--into", "shadow")).ShouldBe(0, string.Join('\n', _complaints));
        _host.Asked.Single()["into"]!.GetValue<string>().ShouldBe("shadow");
    }

    [Fact]
    public async Task It_is_cancelled_by_its_number()
    {
        (await RunAsync("analytics", "--cancel", "7")).ShouldBe(0, string.Join('\n', _complaints));
        _host.Asked.ShouldBeEmpty();
        _printed.ShouldContain("state       cancelled");
    }

    [Fact]
    public async Task A_failure_is_told_and_is_the_exit_code()
    {
        _host.Error = "The copy differs.";
        (await RunAsync("analytics", "--from-position", "0")).ShouldBe(1);
        _complaints.ShouldHaveSingleItem().ShouldBe("The copy differs.");
    }

    [Fact]
    public async Task Ctrl_C_leaves_it_running_and_says_how_to_go_on()
    {
        _host.OnLook = _cancel.Cancel;
        (await RunAsync("analytics", "--from-position", "0")).ShouldBe(130);
        _complaints.ShouldHaveSingleItem().ShouldBe("Replay 7 runs on. To follow it: replay analytics --follow 7. To cancel it: replay analytics --cancel 7.");
    }

    [Fact]
    public async Task A_host_that_is_away_for_a_moment_is_asked_again()
    {
        _host.NextLookAnswers(503);
        _host.DoneAfter = 1;
        (await RunAsync("analytics", "--follow", "7")).ShouldBe(0, string.Join('\n', _complaints));
    }

    [Theory]
    [InlineData("There is no consumer group", "nobody", "--from-position", "0")]
    [InlineData("Say where the replay begins", "analytics")]
    [InlineData("Say where the replay begins", "analytics", "--from-position", "0", "--from-time", "2026-01-01T00:00:00Z")]
    [InlineData("at most one end", "analytics", "--from-position", "0", "--to-position", "5", "--to-time", "2026-01-01T00:00:00Z")]
    [InlineData("must be a partition and an offset", "analytics", "--from-offsets", "123")]
    [InlineData("stand alone", "analytics", "--cancel", "7", "--from-position", "0")]
    [InlineData("does not know --form-position", "analytics", "--form-position", "0")]
    public async Task What_makes_no_sense_ends_it_with_a_sentence(string says, params string[] arguments)
    {
        (await RunAsync(arguments)).ShouldBe(2);
        _complaints.ShouldHaveSingleItem().ShouldContain(says);
    }

    [Fact]
    public async Task A_key_without_the_right_is_told_so()
    {
        (await RunAsync(["analytics", "--from-position", "0", "--key", "another"])).ShouldBe(2);
        _complaints.ShouldHaveSingleItem().ShouldBe($"The host answered 403 to POST {_host.Url}v1/pipeline/groups/analytics/replay. This call needs the admin token.");
    }

    [Theory]
    [InlineData("gateway/bxb")]
    [InlineData("gateway/bxb/")]
    public async Task The_path_of_the_url_stays_before_the_call(string path)
    {
        _path = path;
        _host.DoneAfter = 1;
        (await RunAsync("analytics", "--from-position", "0")).ShouldBe(0, string.Join('\n', _complaints));
        _host.PathBase.ShouldBe("/gateway/bxb");
    }

    [Fact]
    public async Task An_address_that_is_not_Bxbs_is_told_with_what_was_asked()
    {
        _path = "elsewhere/";
        (await RunAsync("analytics", "--from-position", "0")).ShouldBe(2);
        _complaints.ShouldHaveSingleItem().ShouldBe(
            $"The host answered 404 to POST {_host.Url}elsewhere/v1/pipeline/groups/analytics/replay. It gave no reason: is this the address of Bxb, with its path?");
    }

    private Task<int> RunAsync(params string[] arguments)
    {
        string[] key = arguments.Contains("--key") ? [] : ["--api-key", FakeReplays.Key];
        var parsed = new RootCommand { TreatUnmatchedTokensAsErrors = false, Subcommands = { ReplayCommand.Create() } }.Parse(["replay", .. arguments, "--url", _host.Url + _path, .. key]);
        parsed.Errors.ShouldBeEmpty();
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(TextWriter.Null) });
        return ReplayCommand.RunAsync(parsed, terminal, _printed.Add, _complaints.Add, _cancel.Token);
    }
}

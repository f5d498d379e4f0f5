using Bxb.Host.Settings;
using Bxb.Modularity.Settings;
using Microsoft.Extensions.Configuration;

namespace Bxb.Host.Tests.Settings;

/// <summary>A bad setting ends the start with one sentence that names its key and shows nothing of its value.</summary>
public sealed class HostSettingsTests
{
    [Fact]
    public async Task Every_setting_refuses_what_it_cannot_take_in_one_line_that_names_it()
    {
        var wrong = new List<string>();
        var tried = 0;
        foreach (var leaf in SettingLeaf.All)
        {
            foreach (var value in leaf.BadValues())
            {
                tried++;
                if (await FaultAsync(leaf, value) is { } fault)
                {
                    wrong.Add($"{leaf.Key}={value.ReplaceLineEndings("<line end>")}: {fault}");
                }
            }
        }

        wrong.ShouldBeEmpty();
        tried.ShouldBeGreaterThan(500);
    }

    [Fact]
    public async Task Bad_settings_are_told_one_a_line()
    {
        var bad = await Should.ThrowAsync<SettingsException>(ReadAsync(("Bxb:AdminTokn", "x"), ("Bxb:EventLog:Writers", "many"), ("Bxb:Usage:MaxRows", "")));
        bad.Message.Split(Environment.NewLine).Length.ShouldBe(3);
        bad = await Should.ThrowAsync<SettingsException>(
            ReadAsync(("Bxb:EventLog:Writers", "33"), ("Bxb:Analytics:MaxBatch", "0"), ("Bxb:ClickHouse:MaxConnections", "0"), ("Bxb:ClickHouse:Url", "http://h/")));
        bad.Message.Split(Environment.NewLine).Length.ShouldBe(3);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\n\n")]
    public async Task A_line_end_behind_a_value_is_cut_off(string end)
    {
        var configuration = Configuration(
            ("Bxb:AdminToken", "an-admin-token-of-24-chr" + end), ("Bxb:Bootstrap:ApiKey", "bxb_0123456789abcdef" + end), ("Bxb:Bootstrap:Organization", "acme" + end),
            ("Bxb:Postgres:ConnectionString", "Host=h;Password=p" + end), ("Bxb:ClickHouse:Url", "http://u:p@h:8123/?database=d" + end), ("Bxb:Transport", "Kafka" + end),
            ("Bxb:Kafka:BootstrapServers", "h:9092" + end), ("Bxb:Kafka:Security:Protocol", "SaslPlaintext" + end), ("Bxb:Kafka:Security:Username", "u" + end),
            ("Bxb:Kafka:Security:Password", "p" + end), ("Bxb:EventLog:Writers", "3" + end));

        var options = await HostSettings.ReadAsync(configuration);

        (options.Bootstrap.ApiKey, options.Bootstrap.Organization).ShouldBe(("bxb_0123456789abcdef", "acme"));
        (options.Postgres.ConnectionString, options.ClickHouse.Url).ShouldBe(("Host=h;Password=p", "http://u:p@h:8123/?database=d"));
        // The parts bind the configuration themselves.
        configuration["Bxb:Kafka:Security:Password"].ShouldBe("p");
        configuration["Bxb:AdminToken"].ShouldBe("an-admin-token-of-24-chr");
    }

    [Theory]
    [InlineData("Bxb:Riders:OwnerSilence: must be at least three times OwnershipInterval.", "Bxb:Riders:OwnerSilence", "00:00:02.9")]
    [InlineData("Bxb:Management:KeyExpiresAfter: must be above KeyRefreshAfter.", "Bxb:Management:KeyExpiresAfter", "00:00:02")]
    [InlineData("Bxb:Ingestion:MaxBytesInFlight: is 65536 and must be at least four times", "Bxb:Ingestion:MaxBytesInFlight", "65536")]
    [InlineData("Bxb:Kafka:MinInsyncReplicas (4) is at most ReplicationFactor (3)", "Bxb:Transport", "Kafka", "Bxb:Kafka:BootstrapServers", "h:1", "Bxb:Kafka:MinInsyncReplicas", "4")]
    [InlineData("Bxb:Kafka:BootstrapServers: The BootstrapServers field is required.", "Bxb:Transport", "Kafka")]
    [InlineData("Bxb:Bootstrap:ApiKey: needs Bxb:Bootstrap:Organization", "Bxb:Bootstrap:ApiKey", "bxb_0123456789abcdef", "Bxb:Postgres:ConnectionString", "Host=h")]
    [InlineData("The setting Bxb:EventLog:ConnectionString is not known. Did you mean Bxb:Postgres:ConnectionString?", "Bxb:EventLog:ConnectionString", "Host=h")]
    [InlineData("The setting Bxb:a b is not known.", "Bxb:a\nb", "x")]
    [InlineData("--urls (ASPNETCORE_URLS): must be addresses", "urls", "http://localhost:8080;nonsense")]
    [InlineData("--urls (ASPNETCORE_URLS): must be addresses", "urls", "http://localhost:99999")]
    [InlineData("--urls (ASPNETCORE_URLS): must be addresses", "urls", "ftp://localhost")]
    [InlineData("--urls (ASPNETCORE_URLS): must be addresses", "urls", "http://localhost:8080/bxb")]
    public async Task Settings_that_do_not_go_together_are_refused_by_name(string sentence, params string[] settings)
        => (await Should.ThrowAsync<SettingsException>(ReadAsync([.. settings.Chunk(2).Select(s => (s[0], s[1]))]))).Message.ShouldStartWith(sentence);

    [Theory]
    [InlineData("Bxb:PathBase", "/bxb")]
    [InlineData("Bxb:PathBase", "/a.b/v1")]
    [InlineData("Bxb:PathBase", "")]
    [InlineData("Bxb:Modules", "")]
    [InlineData("Bxb:Modules", "ingestion, Analytics")]
    [InlineData("Bxb:Transport", "postgresql")]
    [InlineData("Bxb:ClickHouse:Url", "http://proxy/ch/?database=x")]
    [InlineData("Bxb:Postgres:ConnectionString", "Host=h;Password=\"p;a'b\"\"c=d\"")]
    [InlineData("urls", "http://+:80;http://*:81/;https://localhost;http://unix:/run/bxb.sock; http://[::1]:0")]
    public async Task Good_ones_pass(string key, string value) => await ReadAsync((key, value));

    private static async Task<string?> FaultAsync(SettingLeaf leaf, string value)
    {
        (string, string)[] around = leaf.Key.StartsWith("Bxb:Kafka:", StringComparison.Ordinal) ? [("Bxb:Transport", "Kafka"), ("Bxb:Kafka:BootstrapServers", "localhost:9092")] : [];
        try
        {
            await ReadAsync([.. around.Where(s => s.Item1 != leaf.Key), (leaf.Key, value)]);
            return "was taken";
        }
        catch (SettingsException bad)
        {
            return bad.Faults.Count != 1 ? "is told in several lines: " + bad.Message
                : !bad.Message.Contains(leaf.Key, StringComparison.Ordinal) ? "is not named: " + bad.Message
                : bad.Message.Contains('\n') ? "is told in several lines: " + bad.Message
                : bad.Message.Contains(SettingLeaf.Secret, StringComparison.Ordinal) || (value.Length > 20 && bad.Message.Contains(value, StringComparison.Ordinal)) ? "is shown: " + bad.Message
                : bad.Message.Contains("   at ", StringComparison.Ordinal) ? "shows a stack: " + bad.Message
                : null;
        }
#pragma warning disable CA1031 // Any other exception would reach the console with its stack.
        catch (Exception other)
#pragma warning restore CA1031
        {
            return "throws " + other.GetType().Name + ": " + other.Message;
        }
    }

    private static Task<BxbOptions> ReadAsync(params (string Key, string Value)[] settings) => HostSettings.ReadAsync(Configuration(settings));

    private static IConfiguration Configuration(params (string Key, string Value)[] settings)
        => new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
}

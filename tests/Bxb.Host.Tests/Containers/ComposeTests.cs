using System.Globalization;
using System.Text.RegularExpressions;
using Bxb.Host.Settings;
using Bxb.Modularity.Settings;
using Bxb.Riders.Kafka;
using Bxb.Testing;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Bxb.Host.Tests.Containers;

/// <summary>What can be known of docker-compose.yml without starting it.</summary>
public sealed partial class ComposeTests
{
    private static readonly string[] Brokers = ["kafka-1", "kafka-2", "kafka-3"];

    [Fact]
    public async Task Every_service_is_pinned_to_a_version()
    {
        var file = await ComposeFile.ReadAsync();
        file.Services.Keys.ShouldBe(["postgres", "clickhouse", .. Brokers, "host"], ignoreOrder: true);
        file.Services.Values.ShouldAllBe(service => VersionTag().IsMatch(service.Image));
    }

    [Fact]
    public async Task Every_service_says_when_it_is_healthy_and_the_host_waits_for_all_others()
    {
        var file = await ComposeFile.ReadAsync();
        file.Services.Values.ShouldAllBe(service => service.HealthCheck.Count > 1 && service.HealthCheck[0] == "CMD");
        var host = file.Services["host"];
        host.DependsOn.Keys.ShouldBe(file.Services.Keys.Except(["host"]), ignoreOrder: true);
        host.DependsOn.Values.ShouldAllBe(condition => condition == "service_healthy");
    }

    [Fact]
    public async Task Nothing_listens_beyond_this_machine()
    {
        var file = await ComposeFile.ReadAsync();
        var ports = file.Services.Values.SelectMany(service => service.Ports).ToList();
        ports.ShouldAllBe(port => port.StartsWith("127.0.0.1:"));
        ports.Select(port => port.Split(':')[1]).ShouldBeUnique();
    }

    [Fact]
    public async Task The_hosts_settings_are_known_and_valid()
    {
        var file = await ComposeFile.ReadAsync();
        var host = file.Services["host"].Environment;

        var options = await HostSettings.ReadAsync(Configuration(host));

        options.Transport.ShouldBe(Transport.Kafka);
        file.Services.Keys.ShouldContain(new NpgsqlConnectionStringBuilder(options.Postgres.ConnectionString).Host!);
        file.Services.Keys.ShouldContain(new Uri(options.ClickHouse.Url!).Host);
        (await Should.ThrowAsync<SettingsException>(HostSettings.ReadAsync(Configuration(host.Append(new("Bxb__Kafka__Partition", "12"))))))
            .Message.ShouldContain("Bxb:Kafka:Partition");
    }

    [Fact]
    public async Task The_brokers_are_one_cluster_and_the_host_begins_with_all_of_them()
    {
        var file = await ComposeFile.ReadAsync();
        var brokers = Brokers.Select(name => file.Services[name]).ToList();
        brokers.Select(broker => broker.Environment["KAFKA_CONTROLLER_QUORUM_VOTERS"]).Distinct().ShouldHaveSingleItem()
            .ShouldBe(string.Join(',', brokers.Select(broker => $"{broker.Environment["KAFKA_NODE_ID"]}@{broker.Name}:9093")));
        brokers.Select(broker => broker.Environment["CLUSTER_ID"]).Distinct().ShouldHaveSingleItem().Length.ShouldBe(22);
        foreach (var broker in brokers)
        {
            var outside = broker.Ports.ShouldHaveSingleItem().Split(':');
            broker.Environment["KAFKA_ADVERTISED_LISTENERS"].ShouldBe($"INTERNAL://{broker.Name}:19092,EXTERNAL://localhost:{outside[1]}");
            broker.Environment["KAFKA_LISTENERS"].ShouldBe($"INTERNAL://:19092,CONTROLLER://:9093,EXTERNAL://:{outside[2]}");
        }

        var kafka = new KafkaOptions();
        Configuration(file.Services["host"].Environment).GetSection("Bxb:Kafka").Bind(kafka);
        kafka.BootstrapServers.ShouldBe(string.Join(',', Brokers.Select(name => $"{name}:19092")));
        ((int)kafka.ReplicationFactor).ShouldBe(brokers.Count);
        brokers.ShouldAllBe(broker => broker.Environment["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == kafka.MinInsyncReplicas.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task The_example_sets_every_variable_and_the_real_one_is_never_kept_or_copied()
    {
        var file = await ComposeFile.ReadAsync();
        file.UsedVariables.ShouldBe(file.Variables.Keys, ignoreOrder: true);
        (await File.ReadAllLinesAsync(Path.Combine(RepositoryFolder.Root, ".gitignore"))).ShouldContain(".env");
        (await File.ReadAllLinesAsync(Path.Combine(RepositoryFolder.Root, ".dockerignore"))).ShouldContain(".env");
    }

    private static IConfiguration Configuration(IEnumerable<KeyValuePair<string, string>> environment) => new ConfigurationBuilder()
        .AddInMemoryCollection(environment.Select(e => new KeyValuePair<string, string?>(e.Key.Replace("__", ":", StringComparison.Ordinal), e.Value))).Build();

    [GeneratedRegex(@"^[a-z0-9./-]+:\d+\.\d+(\.\d+)*$", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionTag();
}

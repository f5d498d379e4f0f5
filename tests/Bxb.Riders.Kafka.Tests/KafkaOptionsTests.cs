using Bxb.Riders.Kafka.Topics;
using Bxb.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Tests;

public sealed class KafkaOptionsTests
{
    [Fact]
    public void The_defaults_are_sound() => Faults(_ => { }).ShouldBeEmpty();

    [Fact]
    public void Settings_that_contradict_each_other_are_named()
    {
        Faults(o => o.ReplicationFactor = 1).ShouldHaveSingleItem().ShouldStartWith("Bxb:Kafka:MinInsyncReplicas (2) is at most ReplicationFactor (1)");
        Faults(o => o.Topic = "..").ShouldHaveSingleItem().ShouldStartWith("Bxb:Kafka:Topic");
        Faults(o => o.Relay.FlushSize = 0).ShouldHaveSingleItem().ShouldStartWith("Bxb:Kafka:Relay:FlushSize");
        Faults(o => o.Relay = null!).ShouldHaveSingleItem().ShouldContain("Bxb:Kafka:Relay");
        Faults(o => o.Security.Protocol = SecurityProtocol.SaslSsl).ShouldHaveSingleItem().ShouldContain("Bxb:Kafka:Security:Username");
        Faults(o => o.Security.Username = "u").ShouldHaveSingleItem().ShouldContain("nothing would log in");
        Faults(o => o.Security.CaLocation = "ca.pem").ShouldHaveSingleItem().ShouldContain("nothing would be encrypted");
        Faults(o => (o.Security.Protocol, o.Security.CertificateLocation) = (SecurityProtocol.Ssl, typeof(KafkaOptionsTests).Assembly.Location)).ShouldHaveSingleItem().ShouldContain("belong together");
        Faults(o =>
        {
            o.Security = new() { Protocol = SecurityProtocol.SaslSsl, Username = "u", Password = "p", SaslMechanism = SaslMechanism.Gssapi };
        }).ShouldHaveSingleItem().ShouldContain("Gssapi");
    }

    [Theory]
    [InlineData("a:9092,b.example.org:9093")]
    [InlineData("a, b")]
    [InlineData("127.0.0.1:1,[::1]:65535")]
    public void Brokers_are_hosts_with_ports(string servers) => Faults(o => o.BootstrapServers = servers).ShouldBeEmpty();

    [Theory]
    [InlineData("a:abc")]
    [InlineData("a:70000")]
    [InlineData("a:0")]
    [InlineData("a:9092,")]
    [InlineData("a:9092;b:9092")]
    [InlineData("a b:9092")]
    [InlineData("kafka://a:9092")]
    [InlineData("user:geheim@a:9092")]
    [InlineData("a:9092/geheim")]
    public void Anything_else_is_refused(string servers)
    {
        var fault = Faults(o => o.BootstrapServers = servers).ShouldHaveSingleItem();
        fault.ShouldStartWith("Bxb:Kafka:BootstrapServers");
        fault.ShouldNotContain("geheim");
    }

    [Theory]
    [InlineData(nameof(KafkaSecuritySection.CaLocation))]
    [InlineData(nameof(KafkaSecuritySection.CertificateLocation))]
    [InlineData(nameof(KafkaSecuritySection.KeyLocation))]
    public void A_file_that_is_not_there_is_named_by_its_key(string key)
    {
        var there = typeof(KafkaOptionsTests).Assembly.Location;
        var fault = Faults(o =>
        {
            o.Security = new() { Protocol = SecurityProtocol.Ssl, CaLocation = there, CertificateLocation = there, KeyLocation = there };
            typeof(KafkaSecuritySection).GetProperty(key)!.SetValue(o.Security, "/nowhere/x.pem");
        }).ShouldHaveSingleItem();
        fault.ShouldStartWith("Bxb:Kafka:Security:" + key);
    }

    [Fact]
    public void No_fault_shows_a_secret() =>
        string.Join('\n', Faults(o => (o.Security.Password, o.Security.KeyPassword) = ("geheim-1", "geheim-2"))).ShouldNotContain("geheim");

    [Fact]
    public void Clients_are_made_from_the_options_in_one_place()
    {
        var options = new KafkaOptions
        {
            BootstrapServers = "a:1,b:2",
            GroupInstanceId = "host-1",
            Security = new() { Protocol = SecurityProtocol.SaslSsl, Username = "u", Password = "p", CaLocation = "/ca.pem" },
        };
        var clients = new KafkaClients(Options.Create(options));
        foreach (ClientConfig config in new ClientConfig[] { clients.Admin(), clients.Relay(), clients.Producer("x"), clients.Consumer("g") })
        {
            config.BootstrapServers.ShouldBe("a:1,b:2");
            (config.SecurityProtocol, config.SaslMechanism, config.SaslUsername, config.SaslPassword, config.SslCaLocation)
                .ShouldBe((SecurityProtocol.SaslSsl, SaslMechanism.ScramSha512, "u", "p", "/ca.pem"));
        }

        clients.Relay().TransactionalId.ShouldBe("bxb-relay/bxb.events");
        (clients.Relay().Acks, clients.Relay().EnableIdempotence, clients.Relay().TransactionTimeoutMs).ShouldBe((Acks.All, true, 60_000));
        (clients.Consumer("g").GroupId, clients.Consumer("g").GroupInstanceId).ShouldBe(("bxb.g", "host-1.g"));
        (clients.Consumer("g").IsolationLevel, clients.Consumer("g").EnableAutoCommit, clients.Consumer("g").EnableAutoOffsetStore).ShouldBe((IsolationLevel.ReadCommitted, true, false));
        TopicNames.DeadLetter(options, "g").ShouldBe("bxb.events.g.dead-letter");
    }

    [Theory]
    [InlineData(SecurityProtocol.Plaintext, SaslMechanism.ScramSha512)]
    [InlineData(SecurityProtocol.Ssl, SaslMechanism.ScramSha512)]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.Plain)]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.ScramSha256)]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.ScramSha512)]
    public void The_library_knows_what_the_settings_offer(SecurityProtocol protocol, SaslMechanism mechanism)
    {
        var options = new KafkaOptions { BootstrapServers = "127.0.0.1:1", Security = new() { Protocol = protocol, SaslMechanism = mechanism, Username = "u", Password = "p" } };
        using var producer = new ProducerBuilder<Null, Null>(new KafkaClients(Options.Create(options)).Relay()).SetLogHandler((_, _) => { }).Build();
        Library.VersionString.ShouldBe("2.16.0");
    }

    [Fact]
    public async Task Every_setting_stands_in_the_table_of_settings()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "docs", "settings.md"));
        Keys(typeof(KafkaOptions), "Bxb:Kafka").Where(key => !document.Contains($"`{key}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Keys(Type type, string path) => type.GetProperties()
        .SelectMany(p => p.PropertyType.Name.EndsWith("Section", StringComparison.Ordinal) ? Keys(p.PropertyType, $"{path}:{p.Name}") : [$"{path}:{p.Name}"]);

    private static IEnumerable<string> Faults(Action<KafkaOptions> change)
    {
        var options = new KafkaOptions { BootstrapServers = "localhost:9092" };
        change(options);
        return new KafkaOptionsValidator().Validate(null, options).Failures ?? [];
    }
}

using Bxb.Riders.Kafka.Topics;
using Bxb.Testing;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Tests.Topics;

[OnKafka, Trait("broker", "real")]
public sealed class TopicSetupTests : IAsyncLifetime
{
    private readonly KafkaOptions _options = new() { Topic = TestKafka.NewTopicName(), Partitions = 3, ReplicationFactor = 1, MinInsyncReplicas = 1, RequestTimeout = TimeSpan.FromSeconds(20) };
    private IAdminClient? _admin;
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly KafkaLog _log = new(TimeProvider.System, NullLogger<KafkaLog>.Instance);
    private TopicSetup? _setup;

    private IAdminClient Admin => _admin!;

    private TopicSetup Setup => _setup!;

    public async Task InitializeAsync()
    {
        if (TestKafka.Home is null)
        {
            return;
        }

        _options.BootstrapServers = (await TestKafka.SharedAsync()).BootstrapServers;
        _admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _options.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        _setup = Open(_options);
    }

    public async Task DisposeAsync()
    {
        _admin?.Dispose();
        foreach (var opened in _opened)
        {
            await opened.DisposeAsync();
        }

        _log.Dispose();
    }

    [RealKafkaFact]
    public async Task A_missing_topic_is_made_as_the_settings_say_and_fits_from_then_on()
    {
        (await Setup.DescribeEventsAsync(CancellationToken.None)).ShouldBeNull();
        var made = await Setup.EnsureEventsAsync(CancellationToken.None);
        made.Partitions.ShouldBe(3);
        made.Id.Length.ShouldBe(22);
        (await Setup.EnsureEventsAsync(CancellationToken.None)).ShouldBe(made);
        (await Setup.DescribeEventsAsync(CancellationToken.None)).ShouldBe(made);
        var settings = await SettingsAsync(_options.Topic);
        (settings["retention.ms"], settings["min.insync.replicas"], settings["cleanup.policy"], settings["max.message.bytes"]).ShouldBe(("604800000", "1", "delete", "1000000"));
    }

    [RealKafkaFact]
    public async Task A_topic_that_offers_more_fits()
    {
        await MakeAsync(partitions: 5, ("retention.ms", "-1"), ("max.message.bytes", "5000000"));
        var state = await Setup.EnsureEventsAsync(CancellationToken.None);
        (state.Partitions, state.MaxRecordBytes).ShouldBe((5, 1_000_000), "Our own limit is the lower one");
    }

    [RealKafkaFact]
    public async Task A_lower_limit_of_a_records_size_fits_and_is_known()
    {
        await MakeAsync(partitions: 3, ("max.message.bytes", "50000"));
        (await Setup.EnsureEventsAsync(CancellationToken.None)).MaxRecordBytes.ShouldBe(50_000);
    }

    [RealKafkaFact]
    public async Task Whatever_does_not_fit_is_said_in_one_sentence()
    {
        await MakeAsync(partitions: 2, ("retention.ms", "3600000"), ("cleanup.policy", "compact"));
        _options.ReplicationFactor = 2;
        (await Should.ThrowAsync<TopicException>(() => Setup.EnsureEventsAsync(CancellationToken.None))).Message.ShouldBe(
            $"The topic {_options.Topic} does not fit: it has 2 partitions and at least 3 are wanted; it has 1 copies of a partition and at least 2 are wanted; it keeps records for 01:00:00 and 7.00:00:00 is wanted"
            + " (retention.ms); its cleanup.policy is compact, which would keep only the last event of each customer.");
    }

    [RealKafkaFact]
    public async Task A_topic_that_is_written_to_too_easily_or_never_does_not_fit()
    {
        await MakeAsync(partitions: 3, ("min.insync.replicas", "2"));
        (await Should.ThrowAsync<TopicException>(() => Setup.EnsureEventsAsync(CancellationToken.None))).Message.ShouldContain("its min.insync.replicas is 2 and it has 1 copies, so that nothing can be written");
        _options.MinInsyncReplicas = 3;
        (await Should.ThrowAsync<TopicException>(() => Setup.EnsureEventsAsync(CancellationToken.None))).Message.ShouldContain("its min.insync.replicas is 2 and at least 3 is wanted");
    }

    [RealKafkaFact]
    public async Task More_copies_than_there_are_brokers_cannot_be_made()
    {
        _options.ReplicationFactor = 3;
        (await Should.ThrowAsync<TopicException>(() => Setup.EnsureEventsAsync(CancellationToken.None))).Message.ShouldStartWith($"The topic {_options.Topic} cannot be made: ");
    }

    [RealKafkaFact]
    public async Task Two_hosts_that_make_it_at_once_both_have_it()
    {
        var other = Open(_options);
        var states = await Task.WhenAll(Setup.EnsureEventsAsync(CancellationToken.None), other.EnsureEventsAsync(CancellationToken.None));
        states[0].ShouldBe(states[1]);
    }

    [RealKafkaFact]
    public async Task Dead_letters_are_kept_until_somebody_looks_after_them()
    {
        var made = await Setup.EnsureDeadLettersAsync("fraud", CancellationToken.None);
        (made.Name, made.Partitions).ShouldBe(($"{_options.Topic}.fraud.dead-letter", 1));
        (await SettingsAsync(made.Name))["retention.ms"].ShouldBe("-1");
    }

    [RealKafkaFact]
    public async Task Brokers_that_do_not_answer_are_said_not_to()
    {
        var away = new KafkaOptions { BootstrapServers = "127.0.0.1:1", RequestTimeout = TimeSpan.FromSeconds(1) };
        var setup = Open(away);
        (await Should.ThrowAsync<TopicException>(() => setup.EnsureEventsAsync(CancellationToken.None))).Message.ShouldStartWith("The brokers do not answer about the topic bxb.events: ");
    }

    [RealKafkaFact]
    public async Task A_partition_without_a_replica_in_sync_is_named_and_the_topic_fits_again_when_its_broker_is_back()
    {
        await using var cluster = await TestKafka.StartClusterAsync(3);
        _options.BootstrapServers = cluster.BootstrapServers;
        var setup = Open(_options);
        var made = await setup.EnsureEventsAsync(CancellationToken.None);
        await cluster.KillAsync(3);
        string? refusal = null;
        await Eventually.HoldsAsync(async () => (refusal = await RefusalAsync(setup))?.Contains("has no replica in sync") is true, () => $"The partition on the killed broker is named ({refusal})", TimeSpan.FromMinutes(1));
        await cluster.RestartAsync(3);
        await Eventually.HoldsAsync(async () => await RefusalAsync(setup) is null, "The topic is looked at again");
        (await setup.EnsureEventsAsync(CancellationToken.None)).ShouldBe(made);
    }

    private static async Task<string?> RefusalAsync(TopicSetup setup)
    {
        try
        {
            await setup.DescribeEventsAsync(CancellationToken.None);
            return null;
        }
        catch (TopicException exception)
        {
            return exception.Message;
        }
    }

    private TopicSetup Open(KafkaOptions settings)
    {
        var options = Options.Create(settings);
        var admin = new KafkaAdmin(new KafkaClients(options), _log, options, TimeProvider.System);
        _opened.Add(admin);
        return new TopicSetup(admin, options, TimeProvider.System, NullLogger<TopicSetup>.Instance);
    }

    private Task MakeAsync(int partitions, params (string Name, string Value)[] settings) => Admin.CreateTopicsAsync(
        [new TopicSpecification { Name = _options.Topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = settings.ToDictionary(s => s.Name, s => s.Value) }]);

    private async Task<Dictionary<string, string>> SettingsAsync(string topic) =>
        (await Admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = topic }]))[0].Entries.ToDictionary(e => e.Key, e => e.Value.Value);
}

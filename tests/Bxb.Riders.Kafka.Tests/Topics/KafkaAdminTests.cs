using Bxb.Riders.Kafka.Tests.Brokers;
using Bxb.Riders.Kafka.Topics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Tests.Topics;

public sealed class KafkaAdminTests : IAsyncLifetime
{
    private readonly KafkaLog _log = new(TimeProvider.System, NullLogger<KafkaLog>.Instance);
    private MockCluster? _mock;
    private KafkaAdmin? _admin;

    private MockCluster Mock => _mock!;

    private KafkaAdmin Admin => _admin!;

    public async Task InitializeAsync()
    {
        _mock = await MockCluster.StartAsync();
        var options = Options.Create(new KafkaOptions { BootstrapServers = _mock.BootstrapServers, RequestTimeout = TimeSpan.FromSeconds(2) });
        _admin = new KafkaAdmin(new KafkaClients(options), _log, options, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await Admin.DisposeAsync();
        _mock?.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task A_request_is_sent_while_a_broker_answers_and_not_otherwise()
    {
        (await Admin.AskAsync(_ => Task.FromResult("sent"), CancellationToken.None)).ShouldBe("sent");
        Mock.SetDown(1);
        var sent = false;
        await Should.ThrowAsync<KafkaException>(Admin.AskAsync(_ => Task.FromResult(sent = true), CancellationToken.None));
        sent.ShouldBeFalse();
        Mock.SetUp(1);
        await Bxb.Testing.Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    return await Admin.AskAsync(_ => Task.FromResult(true), CancellationToken.None);
                }
                catch (KafkaException)
                {
                    return false;
                }
            },
            "Requests are sent again");
    }

    [Fact]
    public async Task A_client_that_is_closed_sends_nothing()
    {
        await Admin.DisposeAsync();
        await Should.ThrowAsync<ObjectDisposedException>(Admin.AskAsync(_ => Task.FromResult(true), CancellationToken.None));
    }
}

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
        (await Admin.AskAsync((_, _) => Task.FromResult("sent"), CancellationToken.None)).ShouldBe("sent");
        Mock.SetDown(1);
        var sent = false;
        await Should.ThrowAsync<KafkaException>(Admin.AskAsync((_, _) => Task.FromResult(sent = true), CancellationToken.None));
        sent.ShouldBeFalse();
        Mock.SetUp(1);
        await Bxb.Testing.Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    return await Admin.AskAsync((_, _) => Task.FromResult(true), CancellationToken.None);
                }
                catch (KafkaException)
                {
                    return false;
                }
            },
            "Requests are sent again");
    }

    [Fact]
    public async Task A_client_that_has_closed_itself_is_replaced()
    {
        IAdminClient? closed = null;
        await Admin.AskAsync((client, _) => Task.FromResult(closed = client), CancellationToken.None);
        closed!.Dispose();
        (await Admin.AskAsync((client, _) => Task.FromResult(client), CancellationToken.None)).ShouldNotBeSameAs(closed);
    }

    [Fact]
    public async Task A_client_that_has_closed_itself_is_not_closed_again()
    {
        await Admin.AskAsync(
            (client, _) =>
            {
                client.Dispose();
                return Task.FromResult(true);
            },
            CancellationToken.None);
        await Admin.DisposeAsync();
    }

    [Fact]
    public async Task A_request_that_is_never_answered_ends_and_the_next_one_is_sent()
    {
        var never = new TaskCompletionSource<bool>();
        (await Should.ThrowAsync<KafkaException>(Admin.AskAsync((_, _) => never.Task, CancellationToken.None))).Error.Code.ShouldBe(ErrorCode.Local_TimedOut);
        (await Admin.AskAsync((_, _) => Task.FromResult("sent"), CancellationToken.None)).ShouldBe("sent");
    }

    [Fact]
    public async Task A_client_that_is_closed_sends_nothing()
    {
        await Admin.DisposeAsync();
        await Should.ThrowAsync<ObjectDisposedException>(Admin.AskAsync((_, _) => Task.FromResult(true), CancellationToken.None));
    }
}

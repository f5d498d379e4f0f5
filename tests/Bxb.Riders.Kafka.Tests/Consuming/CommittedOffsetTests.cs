using Bxb.Riders.Compliance;
using Bxb.Riders.Kafka.Tests.Brokers;
using Bxb.Riders.Kafka.Tests.Compliance;
using Bxb.Testing;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>What tools show as lag: the end of a partition, behind the marks of transactions, less the offset that the group has committed.</summary>
[OnKafka]
public sealed class CommittedOffsetTests : IAsyncLifetime
{
    private const string Group = "committing";
    private const int Partitions = 3;
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private readonly KafkaRig _rig = new(Partitions);

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [RealKafkaFact]
    public async Task A_group_that_has_processed_everything_has_no_lag()
    {
        var host = await _rig.StartHostAsync(b => b.Group(Group));
        await host.WaitForAsync(Group, (await _rig.AppendAsync(3))[^1]);
        await NoLagAsync();
        await host.WaitForAsync(Group, (await _rig.AppendAsync(3))[^1]);
        await NoLagAsync();
    }

    [RealKafkaFact]
    public async Task A_record_that_is_not_processed_is_not_passed()
    {
        var first = long.MaxValue;
        var inHand = new TaskCompletionSource<BatchPlace>(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource();
        var host = await _rig.StartHostAsync(b => b.Group(Group, script: async (batch, cancellationToken) =>
        {
            if (batch.FirstPosition > Interlocked.Read(ref first))
            {
                inHand.TrySetResult(new(batch.Partition, batch.FirstOffset));
                await gate.Task.WaitAsync(cancellationToken);
            }
        }));
        var processed = (await _rig.AppendAsync(3))[^1];
        await host.WaitForAsync(Group, processed);
        await NoLagAsync();
        Interlocked.Exchange(ref first, processed);
        await _rig.AppendAsync(3);
        var place = await inHand.Task;

        // Up to the record, the mark of the transaction before it included, and no further.
        await Eventually.HoldsAsync(() => Task.FromResult(Committed(place.Partition) == place.Offset), () => $"{place.Offset} is committed ({Committed(place.Partition)})", Deadline);
        await host.DisposeAsync();
        Committed(place.Partition).ShouldBe(place.Offset);
    }

    private async Task NoLagAsync()
    {
        string Lags() => string.Join(", ", Enumerable.Range(0, Partitions).Select(p => $"{End(p)} - {Committed(p)}"));
        await Eventually.HoldsAsync(() => Task.FromResult(Enumerable.Range(0, Partitions).All(p => End(p) == Committed(p))), () => $"There is no lag ({Lags()})", Deadline);
    }

    private long Committed(int partition)
    {
        using var client = Client("bxb." + Group);
        return client.Committed([new TopicPartition(_rig.Topic, partition)], Answer)[0].Offset.Value;
    }

    private long End(int partition)
    {
        using var client = Client("watermarks");
        return client.QueryWatermarkOffsets(new TopicPartition(_rig.Topic, partition), Answer).High.Value;
    }

    private IConsumer<Ignore, Ignore> Client(string group) => new ConsumerBuilder<Ignore, Ignore>(
        new ConsumerConfig { BootstrapServers = _rig.Servers, GroupId = group, IsolationLevel = IsolationLevel.ReadUncommitted }).SetLogHandler((_, _) => { }).Build();

    private readonly record struct BatchPlace(int Partition, long Offset);
}

using System.Diagnostics;
using Confluent.Kafka;

namespace Bxb.KafkaBench;

/// <summary>What the client can do by itself: a group of one member that polls every record's bytes and does nothing with them.</summary>
internal static class PlainLoop
{
    /// <summary>Reads so many records. The clock runs from the assignment.</summary>
    /// <param name="config">As the rider's own client has it, but that it begins at the first record.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="records">How many are there.</param>
    /// <param name="meter">Prepared.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
    public static async Task<Round> RunAsync(ConsumerConfig config, string topic, long records, Meter meter, CancellationToken cancellationToken)
    {
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        config.EnablePartitionEof = false;
        using var client = new ConsumerBuilder<Ignore, byte[]>(config).SetPartitionsAssignedHandler((_, _) => meter.Begin()).Build();
        client.Subscribe(topic);
        var ended = await Task.Factory.StartNew(() => Poll(client, records, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var round = await meter.EndAsync(records, ended);
        client.Close();
        return round;
    }

    private static long Poll(IConsumer<Ignore, byte[]> client, long records, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        for (var read = 0L; read < records; read++)
        {
            bytes += client.Consume(cancellationToken).Message.Value.Length;
        }

        return bytes > 0 ? Stopwatch.GetTimestamp() : 0;
    }
}

using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bxb.KafkaBench;

/// <summary>A host as the product puts it together, without what this measures nothing of.</summary>
internal static class BenchHost
{
    /// <summary>Builds it. The schema is there when this returns; nothing of the host has started.</summary>
    /// <param name="postgres">The log's connection string.</param>
    /// <param name="kafka">The brokers and the topic; null: a host that does not know Kafka.</param>
    /// <param name="withRelay">Whether the host carries the log to the topic.</param>
    /// <param name="add">Adds consumers.</param>
    public static async Task<IHost> BuildAsync(string postgres, BenchTopic? kafka, bool withRelay, Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Services.AddEventLog(log => log.ConnectionString = postgres);
        if (kafka is not null)
        {
            builder.Services.AddOptions<KafkaOptions>().Configure(options =>
            {
                (options.BootstrapServers, options.Topic, options.Partitions) = (kafka.BootstrapServers, kafka.Name, kafka.Partitions);
                (options.ReplicationFactor, options.MinInsyncReplicas) = (1, 1);
            });
            builder.Services.UsingKafka(withRelay);
        }

        add(builder.Services);
        builder.Services.AddRiders();
        var host = builder.Build();
        await host.Services.MigrateSqlAsync(CancellationToken.None);
        return host;
    }
}

/// <summary>A topic on a broker.</summary>
/// <param name="BootstrapServers">The broker.</param>
/// <param name="Name">The topic.</param>
/// <param name="Partitions">Partitions to make it with.</param>
internal sealed record BenchTopic(string BootstrapServers, string Name, int Partitions);

using Bxb.Embedded;
using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.LoadTest.Target;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.KafkaBench;

/// <summary>What stands while it is measured: an embedded PostgreSQL in a directory that goes with it, and a broker.</summary>
internal sealed class BenchStage : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly EmbeddedPostgres _postgres;

    private BenchStage(DirectoryInfo directory, EmbeddedPostgres postgres, KafkaCluster kafka) => (_directory, _postgres, Kafka) = (directory, postgres, kafka);

    /// <summary>The broker.</summary>
    public KafkaCluster Kafka { get; }

    /// <summary>Starts both.</summary>
    public static async Task<BenchStage> StartAsync(BenchSettings settings, CancellationToken cancellationToken)
    {
        var kafka = await KafkaCluster.ProvideAsync(settings.KafkaHome, settings.BootstrapServers, cancellationToken);
        var directory = Directory.CreateTempSubdirectory("bxb-kafka-bench-");
        if (!OperatingSystem.IsWindows())
        {
            // Where this is root, PostgreSQL's own user has to get in.
            directory.UnixFileMode = (UnixFileMode)0b111_101_101;
        }

        try
        {
            var postgres = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = Data(directory) }, NullLoggerFactory.Instance, cancellationToken);
            return new BenchStage(directory, postgres, kafka);
        }
        catch
        {
            await kafka.DisposeAsync();
            directory.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>A host on both, as the product puts it together, without what this measures nothing of. The schema is there when this returns; nothing of the host has started.</summary>
    /// <param name="topic">Null: a host that does not know Kafka.</param>
    /// <param name="partitions">Partitions of the topic.</param>
    /// <param name="withRelay">Whether the host carries the log to the topic.</param>
    /// <param name="add">Adds consumers.</param>
    public async Task<IHost> BuildAsync(string? topic, int partitions, bool withRelay, Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Services.AddEventLog(log => log.ConnectionString = _postgres.ConnectionString);
        if (topic is not null)
        {
            builder.Services.AddOptions<KafkaOptions>().Configure(kafka =>
            {
                (kafka.BootstrapServers, kafka.Topic, kafka.Partitions) = (Kafka.BootstrapServers, topic, partitions);
                (kafka.ReplicationFactor, kafka.MinInsyncReplicas) = (1, 1);
            });
            builder.Services.UsingKafka(withRelay);
        }

        add(builder.Services);
        builder.Services.AddRiders();
        var host = builder.Build();
        await host.Services.MigrateSqlAsync(CancellationToken.None);
        return host;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _postgres.DisposeAsync();
        await Kafka.DisposeAsync();
        await EmbeddedPostgres.RemoveAsync(Data(_directory), CancellationToken.None);
        _directory.Delete(recursive: true);
    }

    private static string Data(DirectoryInfo directory) => Path.Combine(directory.FullName, "data");
}

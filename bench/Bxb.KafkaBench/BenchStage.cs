using Bxb.Embedded;
using Bxb.LoadTest.Target;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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

    /// <summary>The log's connection string.</summary>
    public string Postgres => _postgres.ConnectionString;

    /// <summary>A topic on the broker.</summary>
    public BenchTopic Topic(string name, int partitions) => new(Kafka.BootstrapServers, name, partitions);

    /// <summary>A host on both. See <see cref="BenchHost"/>.</summary>
    public Task<IHost> BuildAsync(BenchTopic? topic, bool withRelay, Action<IServiceCollection> add) => BenchHost.BuildAsync(Postgres, topic, withRelay, add);

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

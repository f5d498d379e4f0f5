using System.Globalization;
using Bxb.Testing;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Testcontainers.Kafka;
using Testcontainers.PostgreSql;

namespace Bxb.Servers.Tests;

/// <summary>
/// PostgreSQL, ClickHouse and a Kafka broker in containers, with the images of docker-compose.yml. They are removed with this object, or by Testcontainers when the process ends otherwise.
/// </summary>
public sealed class Servers : IAsyncLifetime
{
    private const string User = "bxb";
    private const string Password = "b#x:b/1";
    private readonly List<IContainer> _started = [];

    /// <summary>The variables that make the test projects use these servers.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Starts the servers side by side. Pulls their images the first time.</summary>
    public async Task InitializeAsync()
    {
        if (!ContainersTheoryAttribute.IsAsked)
        {
            return;
        }

        var images = await ComposeImages.ReadAsync();
        var postgres = new PostgreSqlBuilder(images.Postgres).WithUsername(User).WithPassword(Password).WithDatabase(User).WithCommand("-c", "max_connections=300").Build();

        // The tests end consumers and producers by SIGKILL and wait until the broker gives them up.
        var kafka = new KafkaBuilder(images.Kafka).WithVendor(KafkaVendor.ApacheSoftwareFoundation)
            .WithEnvironment("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000")
            .WithEnvironment("KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS", "500")
            .Build();
        var clickHouse = new ContainerBuilder(images.ClickHouse).WithPortBinding(8123, assignRandomHostPort: true)
            .WithEnvironment("CLICKHOUSE_USER", User).WithEnvironment("CLICKHOUSE_PASSWORD", Password).WithEnvironment("CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT", "1")
            .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(request => request.ForPath("/ping").ForPort(8123)))
            .Build();
        _started.AddRange([postgres, kafka, clickHouse]);
        await Task.WhenAll(_started.Select(server => server.StartAsync()));
        Variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [TestPostgres.Variable] = postgres.GetConnectionString() + ";Include Error Detail=true",
            [TestClickHouse.Variable] = ClickHouseUrl(clickHouse.Hostname, clickHouse.GetMappedPublicPort(8123)),
            [TestKafka.ServersVariable] = kafka.GetBootstrapAddress(),
        };
    }

    /// <summary>Removes the servers.</summary>
    public Task DisposeAsync() => Task.WhenAll(_started.Select(server => server.DisposeAsync().AsTask()));

    /// <summary>Returns the URL of the server, with user and password.</summary>
    internal static string ClickHouseUrl(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"http://{User}:{Uri.EscapeDataString(Password)}@{host}:{port}/");
}

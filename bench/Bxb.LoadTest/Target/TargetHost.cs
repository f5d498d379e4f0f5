using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Bxb.LoadTest.Target;

/// <summary>What the load goes to: the product or its bare twin, started by this run or running already.</summary>
internal sealed class TargetHost : IAsyncDisposable
{
    private readonly ChildProcess? _process;
    private readonly KafkaCluster? _kafka;

    private TargetHost(Uri url, int? processId, ChildProcess? process, KafkaCluster? kafka = null)
    {
        Url = url;
        ProcessId = processId;
        _process = process;
        _kafka = kafka;
    }

    /// <summary>Its address.</summary>
    public Uri Url { get; }

    /// <summary>The process to measure; null if it is not known.</summary>
    public int? ProcessId { get; }

    /// <summary>The Kafka broker to measure; null if there is none, or it is not known.</summary>
    public int? BrokerProcessId => _kafka?.ProcessId;

    /// <summary>From the process's start to its being ready; null if it ran already.</summary>
    public TimeSpan? StartTime { get; private init; }

    /// <summary>The organizations under load; at least one.</summary>
    public required IReadOnlyList<Organization> Organizations { get; init; }

    /// <summary>The product, as the settings say it.</summary>
    public static async Task<TargetHost> ProductAsync(LoadSettings settings, string run, CancellationToken cancellationToken)
    {
        if (settings.Url is { } url)
        {
            using var api = new ApiClient(url);
            return new TargetHost(url, settings.HostProcessId, null) { Organizations = await OrganizationsAsync(api, settings, settings.ApiKey, settings.AdminToken, run, cancellationToken) };
        }

        var assembly = settings.HostAssembly ?? Repository.Find("src/Bxb.Host/bin/Release/net10.0/Bxb.Host.dll", "dotnet build -c Release src/Bxb.Host");
        var admin = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var kafka = settings.Transport == Transport.Kafka ? await KafkaCluster.ProvideAsync(settings.KafkaHome, settings.BootstrapServers, cancellationToken) : null;
        return await StartAsync(
            kafka,
            port => ChildProcess.Start(assembly, ["serve"], data => new Dictionary<string, string>(KafkaSettings(kafka, run), StringComparer.Ordinal)
            {
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                ["Bxb__DataDirectory"] = data,
                ["Bxb__AdminToken"] = admin,
            }),
            async (api, process) =>
            {
                var key = await File.ReadAllTextAsync(Path.Combine(process.DataDirectory, "api-key"), cancellationToken);
                return await OrganizationsAsync(api, settings, key.Trim(), admin, run, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>The bare twin: this program under another verb.</summary>
    public static Task<TargetHost> BareAsync(LoadSettings settings, CancellationToken cancellationToken) => StartAsync(
        kafka: null,
        port => ChildProcess.Start(typeof(TargetHost).Assembly.Location, ["bare", "--port", port.ToString(CultureInfo.InvariantCulture)], data => new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Bxb__DataDirectory"] = data,
        }),
        (_, _) => Task.FromResult<IReadOnlyList<Organization>>([.. Enumerable.Range(1, settings.Organizations).Select(i => new Organization($"bare {i}", "none"))]),
        cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        await (_kafka?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>A topic of this run's own; copies as the product's default has them, but where this run has started the only broker there is.</summary>
    private static Dictionary<string, string> KafkaSettings(KafkaCluster? kafka, string run)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (kafka is not null)
        {
            settings["Bxb__Transport"] = nameof(Transport.Kafka);
            settings["Bxb__Kafka__BootstrapServers"] = kafka.BootstrapServers;
            settings["Bxb__Kafka__Topic"] = "bxb.load." + run;
        }

        if (kafka is { ProcessId: not null })
        {
            settings["Bxb__Kafka__ReplicationFactor"] = "1";
            settings["Bxb__Kafka__MinInsyncReplicas"] = "1";
        }

        return settings;
    }

    private static async Task<TargetHost> StartAsync(
        KafkaCluster? kafka, Func<int, ChildProcess> start, Func<ApiClient, ChildProcess, Task<IReadOnlyList<Organization>>> organizations, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        ChildProcess? process = null;
        try
        {
            var port = FreePort();
            process = start(port);
            var url = new Uri($"http://127.0.0.1:{port}");
            using var api = new ApiClient(url);
            while (!await api.IsReadyAsync(cancellationToken))
            {
                if (process.HasEnded || Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMinutes(2))
                {
                    throw new LoadException("The host did not become ready. Its last words:\n" + process.LastWords);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }

            var ready = Stopwatch.GetElapsedTime(begun);
            return new TargetHost(url, process.Id, process, kafka) { StartTime = ready, Organizations = await organizations(api, process) };
        }
        catch
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (kafka?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    private static async Task<IReadOnlyList<Organization>> OrganizationsAsync(
        ApiClient api, LoadSettings settings, string? apiKey, string? adminToken, string run, CancellationToken cancellationToken)
    {
        if (settings.Organizations == 1 && apiKey is not null)
        {
            return [new Organization("the key's", apiKey)];
        }

        var organizations = new List<Organization>();
        for (var i = 1; i <= settings.Organizations; i++)
        {
            organizations.Add(await api.CreateOrganizationAsync(adminToken!, $"load-{run}-{i}", cancellationToken));
        }

        return organizations;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Bxb.LoadTest.Figures;
using Bxb.LoadTest.Report;
using Bxb.LoadTest.Target;

namespace Bxb.LoadTest;

/// <summary>The command line of the load test.</summary>
internal static class LoadCommand
{
    private static readonly LoadSettings Default = new();
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly Option<Uri?> Url = new("--url") { Description = "A running host, on loopback.", CustomParser = ParseUrl };
    private static readonly Option<string?> ApiKey = new("--api-key") { Description = "A key with every scope, for --url." };
    private static readonly Option<string?> AdminToken = new("--admin-token") { Description = "Makes organizations, for --url." };
    private static readonly Option<int?> HostProcess = new("--host-pid") { Description = "The process under --url, to measure what it uses." };
    private static readonly Option<bool> StartHost = new("--start-host") { Description = "Start the Release build of the host in an empty data directory, and stop it at the end." };
    private static readonly Option<string?> HostAssembly = new("--host-dll") { Description = "The host to start, if not the repository's." };
    private static readonly Option<Transport> Through = new("--transport") { Description = "The transport of the started host: postgresql or kafka.", DefaultValueFactory = _ => Default.Transport };
    private static readonly Option<string?> KafkaHome = new("--kafka-home") { Description = $"With --transport kafka: a folder with the script that starts a broker; default: the variable {KafkaCluster.HomeVariable}." };
    private static readonly Option<string?> BootstrapServers = new("--bootstrap-servers") { Description = "With --transport kafka: a cluster that runs already, instead." };
    private static readonly Option<bool> Bare = new("--bare") { Description = "Afterwards put the same load on the bare twin, and print the ratio." };
    private static readonly Option<int> Batch = new("--batch") { Description = "Events a request; 1 posts single events.", DefaultValueFactory = _ => Default.Batch };
    private static readonly Option<int> Connections = new("--connections") { Description = "Connections, one request at a time each.", DefaultValueFactory = _ => Default.Connections };
    private static readonly Option<double?> Rate = new("--rate") { Description = "Events a second on a fixed schedule; flat out if not given." };
    private static readonly Option<double> Duration = new("--duration") { Description = "Seconds that are measured, at most 600.", DefaultValueFactory = _ => Default.Duration.TotalSeconds };
    private static readonly Option<double> WarmUp = new("--warm-up") { Description = "Seconds of load before that.", DefaultValueFactory = _ => Default.WarmUp.TotalSeconds };
    private static readonly Option<double> Duplicates = new("--duplicates") { Description = "Per cent of events that were acknowledged before, 0 to 90." };
    private static readonly Option<int> Customers = new("--customers") { Description = "Customers of the events.", DefaultValueFactory = _ => Default.Customers };
    private static readonly Option<int> Organizations = new("--organizations") { Description = "Organizations, at most as many as connections.", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> Freshness = new("--freshness") { Description = "Measure the time from an acknowledgement to being seen by a usage query." };
    private static readonly Option<double> Drain = new("--drain") { Description = "Seconds that the stores may take to come into step at the end.", DefaultValueFactory = _ => Default.Drain.TotalSeconds };
    private static readonly Option<string?> JsonFile = new("--json") { Description = "Write the figures to this file, too." };

    /// <summary>Makes the command.</summary>
    public static RootCommand Create()
    {
        var command = new RootCommand("Puts load on a Bxb host over HTTP and checks that log, ClickHouse and what was acknowledged agree exactly. Exit code 0: they do; 1: they differ; 2: no figures.")
        {
            Url, ApiKey, AdminToken, HostProcess, StartHost, HostAssembly, Through, KafkaHome, BootstrapServers, Bare, Batch, Connections, Rate, Duration, WarmUp, Duplicates, Customers, Organizations, Freshness, Drain, JsonFile,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = Read(parsed);
            if (settings.Fault() is { } fault)
            {
                await Console.Error.WriteLineAsync(fault);
                return 2;
            }

            try
            {
                return await RunAsync(settings, cancellationToken);
            }
            catch (Exception ended) when (ended is LoadException or HttpRequestException)
            {
                await Console.Error.WriteLineAsync(ended.Message);
                return 2;
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync(cancellationToken.IsCancellationRequested ? "Stopped; there are no figures." : "The host did not answer in time.");
                return 2;
            }
        });
        return command;
    }

    private static Uri? ParseUrl(ArgumentResult argument)
    {
        if (Uri.TryCreate(argument.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp)
        {
            return url;
        }

        argument.AddError($"--url must be like http://localhost:8080, not {argument.Tokens[0].Value}.");
        return null;
    }

    private static async Task<int> RunAsync(LoadSettings settings, CancellationToken cancellationToken)
    {
        var machine = await Machine.ReadAsync();
        var run = Random.Shared.Next(0x10000000, int.MaxValue).ToString("x8", CultureInfo.InvariantCulture);
        RunFigures product;
        await using (var host = await TargetHost.ProductAsync(settings, run, cancellationToken))
        {
            Console.WriteLine($"run {run} against {host.Url}: {settings}");
            product = await new LoadRun(settings, host, run).RunAsync(isBare: false, cancellationToken);
        }

        RunFigures? twin = null;
        if (settings.Bare)
        {
            await using var bare = await TargetHost.BareAsync(settings, cancellationToken);
            Console.WriteLine($"the same against the bare twin at {bare.Url}");
            twin = await new LoadRun(settings, bare, run).RunAsync(isBare: true, cancellationToken);
        }

        var report = new LoadReport(machine.ToString(), settings.ToString(), TimeProvider.System.GetUtcNow(), product, twin);
        foreach (var line in ReportWriter.Lines(report))
        {
            Console.WriteLine(line);
        }

        Console.WriteLine();
        Console.WriteLine(ReportWriter.MarkdownHead);
        Console.WriteLine(ReportWriter.MarkdownRow(report));
        if (settings.JsonFile is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(report, Json), cancellationToken);
        }

        return report.Agrees ? 0 : 1;
    }

    private static LoadSettings Read(ParseResult parsed) => new()
    {
        Transport = parsed.GetValue(Through),
        KafkaHome = parsed.GetValue(KafkaHome) ?? (parsed.GetValue(BootstrapServers) is null ? Environment.GetEnvironmentVariable(KafkaCluster.HomeVariable) : null),
        BootstrapServers = parsed.GetValue(BootstrapServers),
        Url = parsed.GetValue(Url),
        ApiKey = parsed.GetValue(ApiKey),
        AdminToken = parsed.GetValue(AdminToken),
        HostProcessId = parsed.GetValue(HostProcess),
        StartHost = parsed.GetValue(StartHost),
        HostAssembly = parsed.GetValue(HostAssembly),
        Bare = parsed.GetValue(Bare),
        Batch = parsed.GetValue(Batch),
        Connections = parsed.GetValue(Connections),
        Rate = parsed.GetValue(Rate),
        Duration = TimeSpan.FromSeconds(parsed.GetValue(Duration)),
        WarmUp = TimeSpan.FromSeconds(parsed.GetValue(WarmUp)),
        DuplicatePercent = parsed.GetValue(Duplicates),
        Customers = parsed.GetValue(Customers),
        Organizations = parsed.GetValue(Organizations),
        Freshness = parsed.GetValue(Freshness),
        Drain = TimeSpan.FromSeconds(parsed.GetValue(Drain)),
        JsonFile = parsed.GetValue(JsonFile),
    };
}

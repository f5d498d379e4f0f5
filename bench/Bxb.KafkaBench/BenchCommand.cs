using System.CommandLine;
using Bxb.LoadTest;
using Bxb.LoadTest.Target;

namespace Bxb.KafkaBench;

/// <summary>The command line of the benchmark.</summary>
internal static class BenchCommand
{
    private static readonly BenchSettings Default = new();
    private static readonly Option<int> Events = new("--events") { Description = "Events in the log and records in each topic.", DefaultValueFactory = _ => Default.Events };
    private static readonly Option<int> Customers = new("--customers") { Description = "Customers of the events.", DefaultValueFactory = _ => Default.Customers };
    private static readonly Option<int[]> Partitions = new("--partitions") { Description = "Partition counts, each measured with a topic of its own.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. Default.Partitions] };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "How often the plain loop and the rider take turns, or relays each other, after one round that counts for nothing.", DefaultValueFactory = _ => Default.Rounds };
    private static readonly Option<int> Batch = new("--batch") { Description = "Most records in a batch of the rider.", DefaultValueFactory = _ => Default.Batch };
    private static readonly Option<string?> KafkaHome = new("--kafka-home") { Description = $"A folder with the script that starts a broker; default: the variable {KafkaCluster.HomeVariable}." };
    private static readonly Option<string?> BootstrapServers = new("--bootstrap-servers") { Description = "A cluster that runs already, instead." };

    /// <summary>Makes the commands.</summary>
    public static RootCommand Create()
    {
        var relay = new Command("relay", "How fast the relay carries the log to a topic, with nothing else going on.");
        var rider = new Command("rider", "How fast the rider hands records to a handler that only counts, against a plain poll loop of the same client, in turns.");
        var takeOver = new Command("takeover", "How long the log is not carried when the active relay is killed, and when it is suspended. Takes the last of the partition counts.");
        relay.SetAction((parsed, cancellationToken) => RunAsync(parsed, settings => new BenchRun(settings).RunAsync(withRider: false, cancellationToken), cancellationToken));
        rider.SetAction((parsed, cancellationToken) => RunAsync(parsed, settings => new BenchRun(settings).RunAsync(withRider: true, cancellationToken), cancellationToken));
        takeOver.SetAction((parsed, cancellationToken) => RunAsync(parsed, settings => new TakeOverRun(settings).RunAsync(cancellationToken), cancellationToken));
        var root = new RootCommand("Measures the Kafka transport by its parts, on an embedded PostgreSQL and a broker on loopback.") { relay, rider, takeOver, Carry() };
        foreach (var option in new Option[] { Events, Customers, Partitions, Rounds, Batch, KafkaHome, BootstrapServers })
        {
            option.Recursive = true;
            root.Add(option);
        }

        return root;
    }

    /// <summary>What the processes do that <c>takeover</c> starts.</summary>
    private static Command Carry()
    {
        var postgres = new Option<string>("--postgres") { Required = true };
        var topic = new Option<string>("--topic") { Required = true };
        var carry = new Command("carry") { postgres, topic };
        carry.Hidden = true;
        carry.SetAction((parsed, cancellationToken) => RelayProcess.ServeAsync(
            parsed.GetRequiredValue(postgres), new BenchTopic(parsed.GetRequiredValue(BootstrapServers)!, parsed.GetRequiredValue(topic), parsed.GetRequiredValue(Partitions)[0]), cancellationToken));
        return carry;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<BenchSettings, Task> run, CancellationToken cancellationToken)
    {
        var settings = Read(parsed);
        if (settings.Fault() is { } fault)
        {
            await Console.Error.WriteLineAsync(fault);
            return 2;
        }

        try
        {
            await run(settings);
            return 0;
        }
        catch (LoadException ended)
        {
            await Console.Error.WriteLineAsync(ended.Message);
            return 2;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped; there are no figures.");
            return 2;
        }
    }

    private static BenchSettings Read(ParseResult parsed)
    {
        var servers = parsed.GetValue(BootstrapServers);
        return new BenchSettings
        {
            Events = parsed.GetValue(Events),
            Customers = parsed.GetValue(Customers),
            Partitions = parsed.GetValue(Partitions) ?? [],
            Rounds = parsed.GetValue(Rounds),
            Batch = parsed.GetValue(Batch),
            KafkaHome = parsed.GetValue(KafkaHome) ?? (servers is null ? Environment.GetEnvironmentVariable(KafkaCluster.HomeVariable) : null),
            BootstrapServers = servers,
        };
    }
}

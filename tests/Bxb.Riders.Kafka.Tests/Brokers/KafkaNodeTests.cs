using System.Diagnostics;
using System.Globalization;
using Bxb.Testing;

namespace Bxb.Riders.Kafka.Tests.Brokers;

/// <summary>How a node's process is told from others. Stand-ins for it: processes that wait for their input to end.</summary>
public sealed class KafkaNodeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bxb-node-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_node_that_is_in_another_directory_for_a_moment_is_the_node_all_the_same()
    {
        // Java goes to the directory of its performance data and back while it starts.
        using var node = Start(Path.GetTempPath(), $"-Dkafka.logs.dir={_folder}");
        (await KafkaNode.RunsAsync(_folder)).ShouldBeTrue();
        await KafkaNode.KillAsync(_folder);
        await node.WaitForExitAsync();
        (await KafkaNode.RunsAsync(_folder)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_process_that_only_has_the_nodes_id_is_left_alone()
    {
        using var other = Start(Path.GetTempPath(), $"-Dkafka.logs.dir={_folder}1");
        (await KafkaNode.RunsAsync(_folder)).ShouldBeFalse();
        await KafkaNode.KillAsync(_folder);
        other.HasExited.ShouldBeFalse();
        other.StandardInput.Close();
        await other.WaitForExitAsync();
        other.ExitCode.ShouldBe(0);
    }

    private Process Start(string directory, string argument)
    {
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read line; exit 0", "node", argument]) { WorkingDirectory = directory, UseShellExecute = false, RedirectStandardInput = true })!;
        File.WriteAllText(Path.Combine(_folder, "pid"), process.Id.ToString(CultureInfo.InvariantCulture));
        return process;
    }
}

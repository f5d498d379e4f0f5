using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Bxb.Embedded.ClickHouse;

/// <summary>Command line of the engine process: Bxb.Embedded.Engine beside the host's files, run by the host's .NET runtime.</summary>
internal static class EngineProgram
{
    public const string FileName = "Bxb.Embedded.Engine.dll";

    public static ProcessStartInfo StartInfo(EmbeddedClickHouseOptions options, EngineHome home, string library, int port)
    {
        var program = Path.Combine(AppContext.BaseDirectory, FileName);
        if (!File.Exists(program))
        {
            throw new EmbeddedEngineException($"{program} is missing beside the host's files. Build or publish the host again.");
        }

        var start = new ProcessStartInfo(DotNet(),
        [
            program, "--library", library, "--data", home.Data, "--port", Text(port), "--password-file", home.PasswordFile,
            "--parent", Text(Environment.ProcessId), "--memory-bytes", Text(options.MemoryBytes), "--connections", Text(options.Connections),
        ])
        {
            // The engine ends when its standard input does.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = home.Folder,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["TZ"] = "UTC";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_GCgen0size"] = "1000000";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // The engine does not count pages that its allocator keeps after they were freed. With an arena for each core, the default, the process held 870 MiB with a limit of 512.
        // Threads that share one arena use each other's pages again. Pages stay there for 5 s: after 200 ms each merge and insert fetched them anew and ingest lost a sixth.
        start.Environment["JE_MALLOC_CONF"] = "narenas:1,percpu_arena:disabled,dirty_decay_ms:5000,muzzy_decay_ms:0";
        return start;
    }

    /// <summary>The dotnet program of the runtime that runs this host.</summary>
    public static string DotNet()
    {
        // The runtime is in shared/Microsoft.NETCore.App/10.0.x, three folders below dotnet.
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(dotnet)
            ? dotnet
            : throw new EmbeddedEngineException(
                $"The embedded ClickHouse engine needs the dotnet program, which is not at {dotnet}. Publish the host framework-dependent, or name a ClickHouse server in the settings.");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

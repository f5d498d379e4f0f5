using System.Diagnostics;
using System.Runtime.InteropServices;
using Bxb.Embedded;

namespace Bxb.LoadTest.Target;

/// <summary>A program that this run starts and ends, with an empty directory of its own below the system's temporary one.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();

    private ChildProcess(Process process, DirectoryInfo directory)
    {
        _process = process;
        Directory = directory;
    }

    /// <summary>The directory; deleted with everything in it at the end.</summary>
    public DirectoryInfo Directory { get; }

    /// <summary>The data directory that the program is to use.</summary>
    public string DataDirectory => Path.Combine(Directory.FullName, "data");

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>The last lines that it wrote.</summary>
    public string LastWords
    {
        get
        {
            lock (_lastLines)
            {
                return string.Join('\n', _lastLines);
            }
        }
    }

    /// <summary>Starts an assembly with the .NET runtime that runs this one.</summary>
    /// <param name="assembly">The path of its .dll.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Added to this process's own, made from the data directory.</param>
    public static ChildProcess Start(string assembly, IEnumerable<string> arguments, Func<string, IReadOnlyDictionary<string, string>> environment)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("bxb-load-");
        if (!OperatingSystem.IsWindows())
        {
            // Where this is root, PostgreSQL's own user has to get in: else the cluster would lie elsewhere and outlive the run.
            directory.UnixFileMode = (UnixFileMode)0b111_101_101;
        }

        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [assembly, .. arguments])
        {
            WorkingDirectory = directory.FullName,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var child = new ChildProcess(new Process { StartInfo = start }, directory);
        foreach (var (name, value) in environment(child.DataDirectory))
        {
            start.Environment[name] = value;
        }

        child._process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child._process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // Asked first, as an operator would; by force with everything below it only when it does not listen.
            _ = Signal(_process.Id, Terminate);
            using var patience = new CancellationTokenSource(StopTime);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        _process.Dispose();

        // Started as root, the cluster lies elsewhere, below a directory that its own user owns.
        await EmbeddedPostgres.RemoveAsync(DataDirectory, CancellationToken.None);
        Directory.Delete(recursive: true);
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > 30)
            {
                _lastLines.Dequeue();
            }
        }
    }

    /// <summary>Sends a signal to a process that this run has started.</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Signal(int process, int signal);
}

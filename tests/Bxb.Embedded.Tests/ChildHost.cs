using System.Diagnostics;
using System.Globalization;
using Bxb.Embedded.ClickHouse;

namespace Bxb.Embedded.Tests;

/// <summary>A <see cref="TestHost"/> that runs: its process and what it said of its engines. Disposing kills it.</summary>
internal sealed class ChildHost : IDisposable
{
    private ChildHost(Process process, string[] said)
    {
        Process = process;
        PostgresId = int.Parse(said[1], CultureInfo.InvariantCulture);
        EngineId = int.Parse(said[2], CultureInfo.InvariantCulture);
        Url = new Uri(said[3]);
        ConnectionString = said[4];
    }

    public Process Process { get; }

    public int PostgresId { get; }

    public int EngineId { get; }

    public Uri Url { get; }

    public string ConnectionString { get; }

    public static async Task<ChildHost> StartAsync(string data)
    {
        var process = Launch(data);
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        return new ChildHost(process, line.Split(' ', 5));
    }

    public static Process Launch(string data) => Process.Start(new ProcessStartInfo(EngineProgram.DotNet(), [typeof(TestHost).Assembly.Location, "host", data])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    public void Dispose()
    {
        Process.Kill();
        Process.Dispose();
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>The real host in a process of its own, over a data directory that outlives it. Disposing stops it as an operator would.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string KeySetting = "--Bxb:Bootstrap:ApiKey=";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SocketsHttpHandler _connections = new() { PooledConnectionLifetime = TimeSpan.FromSeconds(30) };
    private readonly Process _process;
    private readonly string? _givenKey;

    private HostProcess(Process process, Uri url, string dataDirectory, string? apiKey)
    {
        _process = process;
        _givenKey = apiKey;
        Url = url;
        DataDirectory = dataDirectory;
        Client = ClientWith(key: null, TimeSpan.FromSeconds(60));
    }

    /// <summary>Carries the host's own key once it is ready.</summary>
    public HttpClient Client { get; }

    public Uri Url { get; }

    public string DataDirectory { get; }

    public int Id => _process.Id;

    public bool HasExited => _exited.Task.IsCompleted;

    public string ApiKey { get; private set; } = "";

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>A client of another organization, or of another patience; the caller's.</summary>
    public HttpClient ClientWith(string? key, TimeSpan timeout)
    {
        var client = new HttpClient(_connections, disposeHandler: false) { BaseAddress = Url, Timeout = timeout };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
        return client;
    }

    /// <summary>Starts a host and waits until it says that it is ready.</summary>
    public static async Task<HostProcess> StartAsync(string dataDirectory, params string[] settings)
    {
        var host = await LaunchAsync(dataDirectory, settings);
        await host.ReadyAsync();
        return host;
    }

    /// <summary>Starts a host that may well refuse to start.</summary>
    public static Task<HostProcess> LaunchAsync(string dataDirectory, params string[] settings) => LaunchAsync(dataDirectory, environment: [], settings);

    /// <summary>The same with variables of the environment besides those of the tests.</summary>
    public static Task<HostProcess> LaunchAsync(string dataDirectory, KeyValuePair<string, string>[] environment, params string[] settings)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = Command(["--urls", url.ToString(), $"--Bxb:DataDirectory={dataDirectory}", .. settings]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var host = new HostProcess(process, url, dataDirectory, settings.FirstOrDefault(s => s.StartsWith(KeySetting, StringComparison.Ordinal))?[KeySetting.Length..].TrimEnd());
        process.OutputDataReceived += (_, line) => host.Take(line.Data);
        process.ErrorDataReceived += (_, line) => host.Take(line.Data);
        process.Exited += (_, _) => host._exited.TrySetResult();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return Task.FromResult(host);
    }

    /// <summary>Runs a verb to its end and returns its exit code and what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(Command(arguments));
        return (exitCode, output + error);
    }

    /// <summary>Runs the host to the end that is expected of it, with settings in the environment; <c>ExitCode</c> -1: it was still running after three minutes, and was killed.</summary>
    public static Task<(int ExitCode, string Output, string Error)> EndAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = Command(arguments);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return RunAsync(start);
    }

    public async Task<int> ExitAsync()
    {
        await _exited.Task.WaitAsync(Patience);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGKILL to this process alone, not to its children.</summary>
    public async Task KillAsync()
    {
        Signals.Send(_process.Id, Signals.Kill);
        await ExitAsync();
    }

    /// <summary>SIGSTOP: nothing of it runs until <see cref="Continue"/>, and nobody is told.</summary>
    public void Suspend() => Signals.Send(_process.Id, Signals.Stop);

    /// <summary>SIGCONT: it goes on as if no time had passed.</summary>
    public void Continue() => Signals.Send(_process.Id, Signals.Continue);

    /// <summary>SIGTERM, then waits for the end.</summary>
    public async Task<int> StopAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, Signals.Terminate);
        }

        return await ExitAsync();
    }

    public async Task ReadyAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (true)
        {
            if (_exited.Task.IsCompleted)
            {
                throw new InvalidOperationException("The host ended:\n" + Output);
            }

            try
            {
                using var answer = await Client.GetAsync("/health/ready", deadline.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    break;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException late)
            {
                throw new TimeoutException("The host was not ready in time:\n" + Output, late);
            }

            await Task.WhenAny(_exited.Task, Task.Delay(50, CancellationToken.None));
        }

        ApiKey = _givenKey ?? (await File.ReadAllTextAsync(Path.Combine(DataDirectory, "api-key"), deadline.Token)).Trim();
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // A suspended one would not hear that it is to stop.
            Continue();
        }

        await StopAsync();
        Client.Dispose();
        _connections.Dispose();
        _process.Dispose();
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, await output, await error);
        }

        return (process.ExitCode, await output, await error);
    }

    private static ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Bxb.Host.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }
        }
    }
}

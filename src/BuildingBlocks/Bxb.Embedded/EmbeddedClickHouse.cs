using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Bxb.Embedded.Binaries;
using Bxb.Embedded.ClickHouse;
using Bxb.Embedded.Files;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded;

/// <summary>
/// The embedded ClickHouse engine: a child process with ClickHouse's HTTP interface on loopback and a password created at the first start. It is restarted when it crashes or stops answering, and
/// ends with the host, even a killed one. Port and password are kept, so the URL stays the same over restarts.
/// </summary>
public sealed class EmbeddedClickHouse : IAsyncDisposable
{
    internal const string DatabaseName = "bxb";
    private const string EngineName = "clickhouse";
    private const string User = "bxb";

    private readonly ProcessSupervisor _supervisor;
    private readonly DataDirectoryLock _lock;
    private readonly HttpClient _http;

    private EmbeddedClickHouse(ProcessSupervisor supervisor, DataDirectoryLock held, HttpClient http, int port, string password)
    {
        (_supervisor, _lock, _http) = (supervisor, held, http);
        Url = UrlTo(port, password);
    }

    /// <summary>The engine's address with user, password and the database <c>bxb</c>.</summary>
    public Uri Url { get; }

    /// <summary>Number of restarts after a crash or a hang.</summary>
    public int Restarts => _supervisor.Restarts;

    /// <summary>Id of the engine's process; null while none runs.</summary>
    public int? ProcessId => _supervisor.ProcessId;

    /// <summary>Whether an engine is pinned for this platform.</summary>
    public static Task<bool> HasEngineAsync(CancellationToken ct) => EngineCatalog.HasAsync(EngineName, EngineCatalog.Platform, ct);

    /// <summary>
    /// Starts the engine and creates the database at the first start. Returns when the engine answers; with <see cref="EmbeddedClickHouseOptions.RetryStart"/> also when the first attempt has failed.
    /// </summary>
    /// <exception cref="EmbeddedEngineException">The engine is not installed, cannot start, or another host uses the directory. Nothing is left running.</exception>
    public static async Task<EmbeddedClickHouse> StartAsync(EmbeddedClickHouseOptions options, ILoggerFactory loggers, CancellationToken ct)
    {
        var logger = loggers.CreateLogger("Bxb.Embedded.ClickHouse");
        var home = EngineHome.Of(options.DataDirectory);
        var held = DataDirectoryLock.Acquire(home.Folder);
        var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = false });
        ProcessSupervisor? supervisor = null;
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                // The engine creates its files readable to all.
                File.SetUnixFileMode(home.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var library = Path.Combine(await EngineCache.FindAsync(EngineName, ct), "libchdb.so");
            var password = await PrivateFile.SecretAsync(home.PasswordFile, ct);
            await home.EndLeftoversAsync(ct);
            var port = await LoopbackPort.KeptOrFreeAsync(home.PortFile, ct);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{password}")));
            var server = new EngineServer(options, home, library, port, http, logger);
            supervisor = new ProcessSupervisor(new SupervisedEngine("ClickHouse engine", server.StartAsync, server.StopAsync, server.ProbeAsync), logger);
            await (options.RetryStart ? supervisor.StartRetryingAsync(ct) : supervisor.StartAsync(ct));
            return new EmbeddedClickHouse(supervisor, held, http, port, password);
        }
        catch (Exception e)
        {
            await (supervisor?.DisposeAsync() ?? ValueTask.CompletedTask);
            http.Dispose();
            held.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw EmbeddedEngineException.Unusable($"The ClickHouse engine's folder {home.Folder}", e);
            }

            throw;
        }
    }

    /// <summary>The address of the engine below a data directory, for tools beside the host. The engine need not run.</summary>
    /// <exception cref="EmbeddedEngineException">No host has started an engine there.</exception>
    public static async Task<Uri> UrlOfAsync(string dataDirectory, CancellationToken ct)
    {
        var home = EngineHome.Of(dataDirectory);
        return UrlTo(int.Parse(await PrivateFile.ReadAsync(home.PortFile, ct), CultureInfo.InvariantCulture), await PrivateFile.ReadAsync(home.PasswordFile, ct));
    }

    /// <summary>Ends leftover engines of a data directory and deletes the engine's folder. Refused while a host uses it.</summary>
    public static async Task RemoveAsync(string dataDirectory, CancellationToken ct)
    {
        var home = EngineHome.Of(dataDirectory);
        using (DataDirectoryLock.Acquire(home.Folder))
        {
            await home.EndLeftoversAsync(ct);
            Directory.Delete(home.Folder, recursive: true);
        }
    }

    /// <summary>Ends the engine and returns when its process is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _supervisor.DisposeAsync();
        _http.Dispose();
        _lock.Dispose();
    }

    private static Uri UrlTo(int port, string password) => new($"http://{User}:{password}@127.0.0.1:{port}/?database={DatabaseName}");
}

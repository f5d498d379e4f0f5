using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Bxb.Testing;

/// <summary>A real PgBouncer on a loopback port before a PostgreSQL, with a configuration of its own. Ends with its disposal.</summary>
public sealed class TestPgBouncer : IAsyncDisposable
{
    private static readonly string[] Places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];

    private readonly Process _process;
    private readonly int _port;

    private TestPgBouncer(Process process, int port, string connectionString)
    {
        (_process, _port) = (process, port);
        ConnectionString = Through(connectionString);
    }

    /// <summary>The program; null where it is not installed.</summary>
    public static string? Program { get; } = Array.Find(Places, File.Exists);

    /// <summary>The connection string through PgBouncer to the same database.</summary>
    public string ConnectionString { get; }

    /// <summary>The connection string through PgBouncer to another database of the server.</summary>
    public string Through(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = _port, Password = null, MaxPoolSize = 10 }.ConnectionString;

    /// <summary>Starts one and returns when it takes connections.</summary>
    /// <param name="connectionString">The database behind it.</param>
    /// <param name="settings">Lines of the section [pgbouncer].</param>
    public static async Task<TestPgBouncer> StartAsync(string connectionString, params string[] settings)
    {
        var server = new NpgsqlConnectionStringBuilder(connectionString);
        var port = FreePort();
        var file = Path.Combine(await TestDirectories.CreateAsync("pgbouncer"), "pgbouncer.ini");
        await File.WriteAllLinesAsync(file,
        [
            "[databases]", $"* = host={server.Host} port={server.Port} user={server.Username} password={server.Password}",
            "[pgbouncer]", "listen_addr = 127.0.0.1", $"listen_port = {port}", "unix_socket_dir =", "auth_type = any", "default_pool_size = 60", "logfile =", .. settings,
        ]);
        var start = new ProcessStartInfo(Program!) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        if (Environment.IsPrivilegedProcess)
        {
            // It refuses to run as root.
            start.ArgumentList.Add("--user=nobody");
        }

        start.ArgumentList.Add(file);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var bouncer = new TestPgBouncer(process, port, connectionString);
        await Eventually.HoldsAsync(() => Task.FromResult(process.HasExited || Listens(port)), "PgBouncer listens");
        return process.HasExited ? throw new InvalidOperationException($"PgBouncer ended with {process.ExitCode}.") : bouncer;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static bool Listens(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

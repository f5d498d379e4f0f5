using System.Diagnostics;
using Bxb.Embedded.Processes;

namespace Bxb.Embedded.Postgres;

/// <summary>Command lines of the pinned PostgreSQL programs, run as the cluster's user.</summary>
internal static class PostgresProgram
{
    /// <summary>The command line of <c>initdb</c> or another tool.</summary>
    public static ProcessStartInfo Tool(string name, ClusterHome home, IEnumerable<string> arguments) =>
        Start(Path.Combine(home.Programs, name), home, arguments);

    /// <summary>
    /// The command line of the server. <c>setsid</c> gives it a separate session, so Ctrl+C in the host's terminal does not reach it before the host has stopped. <c>setpriv</c> has the kernel
    /// stop it when the host dies. Both programs become the server, with the same process id. Where they are missing, the next start ends a leftover server.
    /// </summary>
    public static ProcessStartInfo Server(ClusterHome home, IEnumerable<string> arguments)
    {
        var program = Path.Combine(home.Programs, "postgres");
        var line = new List<string>();
        if (FindTool("setsid") is { } setsid)
        {
            line.Add(setsid);
        }

        if (OperatingSystem.IsLinux() && FindTool("setpriv") is { } setpriv)
        {
            line.AddRange([setpriv, "--pdeathsig", "INT"]);
        }

        line.Add(program);
        line.AddRange(["-D", home.Cluster]);
        line.AddRange(arguments);
        return Start(line[0], home, line.Skip(1));
    }

    private static ProcessStartInfo Start(string program, ClusterHome home, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        // The host's environment may neither influence the server nor pass secrets to it.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["LC_ALL"] = "C";
        if (home.User is not null)
        {
            start.UserName = home.User.Name;
        }

        return start;
    }

    private static string? FindTool(string name) =>
        new[] { "/usr/bin", "/bin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}

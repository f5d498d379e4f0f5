using System.Diagnostics;
using Bxb.Embedded.Processes;

namespace Bxb.Embedded.Postgres;

/// <summary>Command lines of the pinned PostgreSQL programs, as the cluster's user.</summary>
internal static class PostgresProgram
{
    /// <summary>How to start <c>initdb</c> or another short program and read what it says.</summary>
    public static ProcessStartInfo Tool(string name, ClusterHome home, IEnumerable<string> arguments) =>
        Start(Path.Combine(home.Programs, name), home, arguments);

    /// <summary>
    /// How to start the server: in a session of its own, so that Ctrl+C in the host's terminal does not reach it before the host has
    /// stopped, and told by the kernel when the host dies. Both by two small programs of Linux that become the server (same process
    /// id); where they are missing, the next start ends what was left running.
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
        // Nothing of the host's surroundings may steer the server, and nothing secret in them may reach it.
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

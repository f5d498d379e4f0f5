using System.Globalization;

namespace Bxb.Embedded.Postgres;

/// <summary>The file <c>postmaster.pid</c>, which the server keeps in its cluster while it runs.</summary>
/// <param name="ProcessId">The server that wrote the file. It may have been killed since, and the system may have given the id to another process.</param>
/// <param name="IsReady">Whether the server takes connections. <c>pg_ctl --wait</c> decides by the same line.</param>
internal readonly record struct PidFile(int ProcessId, bool IsReady)
{
    private const int StatusLine = 7;

    public static string PathIn(string cluster) => Path.Combine(cluster, "postmaster.pid");

    /// <summary>Reads the file; null when there is none, or the server is just writing it.</summary>
    public static async Task<PidFile?> ReadAsync(string cluster, CancellationToken ct)
    {
        try
        {
            var lines = await File.ReadAllLinesAsync(PathIn(cluster), ct);
            return lines.Length > 0 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid) && pid > 1
                ? new PidFile(pid, lines.Length > StatusLine && lines[StatusLine].Trim() == "ready")
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

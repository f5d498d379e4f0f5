using System.Security.Cryptography;
using System.Text;
using Bxb.Embedded.Binaries;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.Postgres;

/// <summary>
/// Place and owner of a cluster's files, normally <c>postgres/cluster</c> in the data directory. PostgreSQL refuses to run as root, so under root another user owns the cluster. Where that user
/// cannot enter a folder above the data directory, the cluster is in a state folder of the machine, and <c>postgres/cluster</c> is a link to it.
/// </summary>
/// <param name="Folder"><c>postgres</c> in the data directory, with the host's files: password, port, lock.</param>
/// <param name="Cluster">The cluster's folder with links resolved.</param>
/// <param name="Programs">Folder of the server's programs.</param>
/// <param name="User">The user who runs the server and owns the cluster; null for the host's user.</param>
internal sealed record ClusterHome(string Folder, string Cluster, string Programs, UnixUser? User)
{
    private const string StateRoot = "/var/lib/bxb";

    public static string FolderOf(string dataDirectory) => Path.Combine(Path.GetFullPath(dataDirectory), "postgres");

    /// <summary>Finds the home of a cluster and creates the folders above the cluster.</summary>
    public static async Task<ClusterHome> OpenAsync(string dataDirectory, ILogger logger, CancellationToken ct)
    {
        var folder = FolderOf(dataDirectory);
        Directory.CreateDirectory(folder);
        var programs = Path.Combine(await EngineCache.FindAsync("postgres", ct), "native", "bin");
        var link = Path.Combine(folder, "cluster");
        var user = Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows() ? UnixUser.FirstOf("postgres", "nobody") : null;
        if (new FileInfo(link).LinkTarget is { } target)
        {
            await MakeStateFolderAsync(target, folder, ct);
            return new ClusterHome(folder, target, programs, user);
        }

        if (user is null || Directory.Exists(link) || UnixUser.FirstClosedFolder(folder) is not { } closed)
        {
            return new ClusterHome(folder, WithoutLinks(link), programs, user);
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)))[..16];
        var state = Path.Combine(StateRoot, hash, "cluster");
        await MakeStateFolderAsync(state, folder, ct);
        File.CreateSymbolicLink(link, state);
        PostgresLog.ClusterElsewhere(logger, user.Name, closed, state, link);
        return new ClusterHome(folder, state, programs, user);
    }

    /// <summary>Ends leftover servers of a data directory and deletes their cluster. No host may use it.</summary>
    public static async Task RemoveAsync(string dataDirectory, CancellationToken ct)
    {
        var folder = FolderOf(dataDirectory);
        var link = Path.Combine(folder, "cluster");
        var state = new FileInfo(link).LinkTarget;
        var cluster = state ?? WithoutLinks(link);
        await LeftoverServer.EndAsync(cluster, ct);
        if (state is not null && state.StartsWith(StateRoot + "/", StringComparison.Ordinal) && Path.GetDirectoryName(state) is { } parent && Directory.Exists(parent))
        {
            Directory.Delete(parent, recursive: true);
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MakeStateFolderAsync(string cluster, string origin, CancellationToken ct)
    {
        var parent = Path.GetDirectoryName(cluster)!;
        if (Directory.Exists(parent))
        {
            return;
        }

        Directory.CreateDirectory(parent);
        await File.WriteAllTextAsync(Path.Combine(parent, "origin"), origin + Environment.NewLine, ct);
    }

    /// <summary>Resolves links. Leftover servers are found by their working folder, which the system reports without links.</summary>
    private static string WithoutLinks(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var folder = new DirectoryInfo(Path.Combine(real, part));
            real = folder.Exists && folder.ResolveLinkTarget(returnFinalTarget: true) is { } target ? target.FullName : folder.FullName;
        }

        return real;
    }
}

using Bxb.Embedded.Files;
using Bxb.Embedded.Processes;
using Microsoft.Extensions.Logging;

namespace Bxb.Embedded.Postgres;

/// <summary>
/// Creates the cluster at the first start, in a folder beside its final place and then by one rename, so a host that is killed meanwhile starts over. The password file is written first.
/// </summary>
internal static class ClusterInitializer
{
    public const string SuperUser = "bxb";

    public static async Task EnsureAsync(ClusterHome home, string password, ILogger logger, CancellationToken ct)
    {
        if (File.Exists(Path.Combine(home.Cluster, "PG_VERSION")))
        {
            return;
        }

        if (Directory.Exists(home.Cluster) && Directory.EnumerateFileSystemEntries(home.Cluster).Any())
        {
            throw new EmbeddedEngineException($"{home.Cluster} is neither empty nor a PostgreSQL cluster. Move it away, or choose another data directory.");
        }

        PostgresLog.Initializing(logger, home.Cluster);
        // The server's user may not write beside its cluster, so it gets a folder to work in.
        var work = home.Cluster + ".initdb";
        if (Directory.Exists(work))
        {
            Directory.Delete(work, recursive: true);
        }

        Directory.CreateDirectory(work);
        var passwordFile = Path.Combine(work, "password");
        await PrivateFile.WriteAsync(passwordFile, password + "\n", ct);
        if (home.User is { } user)
        {
            Libc.ChangeOwner(work, user.Id, user.GroupId);
            Libc.ChangeOwner(passwordFile, user.Id, user.GroupId);
        }

        var draft = Path.Combine(work, "cluster");
        var start = PostgresProgram.Tool("initdb", home,
            ["-D", draft, "-U", SuperUser, "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--locale=C", "--no-instructions"]);
        using var initdb = await ProcessStarter.StartAsync(start);
        initdb.StandardInput.Close();
        var output = new EngineOutput(_ => { });
        var reading = Task.WhenAll(output.ReadAsync(initdb.StandardError), output.ReadAsync(initdb.StandardOutput));
        try
        {
            await initdb.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            initdb.Kill(entireProcessTree: true);
            throw;
        }

        await reading;
        if (initdb.ExitCode != 0)
        {
            throw new EmbeddedEngineException($"PostgreSQL could not create a cluster in {home.Cluster}: initdb ended {ProcessEnd.Describe(initdb)}. {output.LastWords}");
        }

        Directory.Move(draft, home.Cluster);
        Directory.Delete(work, recursive: true);
    }
}

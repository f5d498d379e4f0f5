using System.Globalization;
using Bxb.Embedded.Processes;

namespace Bxb.Embedded;

/// <summary>
/// Keeps a second host off a data directory. The lock belongs to the process: it ends with it, however it ends, and leaves
/// nothing to clean up. Dispose it last, after everything that writes below the directory has stopped.
/// </summary>
public sealed class DataDirectoryLock : IDisposable
{
    private const string LockFile = "lock";
    private const string OwnerFile = "lock.pid";

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock without waiting; makes the directory when it is not there.</summary>
    /// <exception cref="EmbeddedEngineException">Another process holds it; the message names its id.</exception>
    public static DataDirectoryLock Acquire(string directory)
    {
        directory = Path.GetFullPath(directory);
        Directory.CreateDirectory(directory);
        FileStream? file = null;
        try
        {
            file = new FileStream(Path.Combine(directory, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (!OperatingSystem.IsWindows() && !Libc.TryLock(file.SafeFileHandle))
            {
                throw new IOException("The file is locked.");
            }
        }
        catch (IOException e)
        {
            file?.Dispose();
            throw new EmbeddedEngineException(
                $"The data directory {directory} is in use by another Bxb host (process {OwnerOf(directory)}). Stop that one, or give this one a data directory of its own.", e);
        }

        File.WriteAllText(Path.Combine(directory, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new DataDirectoryLock(file);
    }

    /// <summary>Gives the directory free.</summary>
    public void Dispose() => _file.Dispose();

    private static string OwnerOf(string directory)
    {
        try
        {
            return File.ReadLines(Path.Combine(directory, OwnerFile)).FirstOrDefault() is { Length: > 0 } pid ? pid : "unknown";
        }
        catch (IOException)
        {
            return "unknown";
        }
    }
}

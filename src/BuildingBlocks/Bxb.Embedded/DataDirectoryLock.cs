using System.Globalization;
using Bxb.Embedded.Processes;

namespace Bxb.Embedded;

/// <summary>
/// Keeps a second host off a data directory. The system releases the lock when the process ends, in whatever way. Dispose it last, after everything that writes below the directory has stopped.
/// </summary>
public sealed class DataDirectoryLock : IDisposable
{
    private const string LockFile = "lock";
    private const string OwnerFile = "lock.pid";

    // HResults of a file that another process has locked: EWOULDBLOCK on Linux and on macOS, a sharing violation on Windows.
    private static readonly int[] LockedByAnother = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock without waiting. Creates the directory if it is missing.</summary>
    /// <exception cref="EmbeddedEngineException">Another process holds the lock (the message has its id), or the directory cannot be created or written.</exception>
    public static DataDirectoryLock Acquire(string directory)
    {
        directory = Path.GetFullPath(directory);
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(directory);
            file = new FileStream(Path.Combine(directory, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (!OperatingSystem.IsWindows() && !Libc.TryLock(file.SafeFileHandle))
            {
                throw new IOException("The file is locked.", LockedByAnother[0]);
            }

            File.WriteAllText(Path.Combine(directory, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DataDirectoryLock(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw LockedByAnother.Contains(e.HResult)
                ? new EmbeddedEngineException(
                    $"The data directory {directory} is in use by another Bxb host (process {OwnerOf(directory)}). Stop that host, or give this one another data directory.", e)
                : EmbeddedEngineException.Unusable($"The data directory {directory}", e);
        }
    }

    /// <summary>Releases the lock.</summary>
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

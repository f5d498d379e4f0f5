using System.Runtime.InteropServices;

namespace Bxb.Embedded.Processes;

/// <summary>C library calls that .NET lacks, on Linux and macOS.</summary>
internal static partial class Libc
{
    public const int SigInt = 2;
    public const int SigQuit = 3;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    private const int LockExclusiveNonBlocking = 2 | 4;

    /// <summary>Sends a signal. False when there is no such process, or another user owns it.</summary>
    public static bool Signal(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Whether a process with this id exists, of any user.</summary>
    public static bool IsAlive(int pid)
    {
        const int NoPermission = 1;
        return kill(pid, 0) == 0 || Marshal.GetLastPInvokeError() == NoPermission;
    }

    /// <summary>Takes an exclusive lock of an open file without waiting. False when another process holds it.</summary>
    public static bool TryLock(SafeHandle file) => flock(file, LockExclusiveNonBlocking) == 0;

    /// <summary>Changes the owner of a file or folder. Needs root.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (lchown(path, user, group) != 0)
        {
            throw new IOException($"{path} cannot be given to user {user}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeHandle fd, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);
}

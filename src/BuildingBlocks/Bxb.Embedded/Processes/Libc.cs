using System.Runtime.InteropServices;

namespace Bxb.Embedded.Processes;

/// <summary>The calls of the C library that .NET does not offer. Linux and macOS alike.</summary>
internal static partial class Libc
{
    public const int SigInt = 2;
    public const int SigQuit = 3;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    private const int LockExclusiveNonBlocking = 2 | 4;

    /// <summary>Sends a signal; false when there is no such process (or it is another user's).</summary>
    public static bool Signal(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Whether a process with this id exists, whoever owns it.</summary>
    public static bool IsAlive(int pid)
    {
        const int NoPermission = 1;
        return kill(pid, 0) == 0 || Marshal.GetLastPInvokeError() == NoPermission;
    }

    /// <summary>Takes an exclusive lock of an open file without waiting; false when somebody else holds it.</summary>
    public static bool TryLock(SafeHandle file) => flock(file, LockExclusiveNonBlocking) == 0;

    /// <summary>Gives a file or folder to a user. Only root may.</summary>
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

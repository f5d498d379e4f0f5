using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine;

/// <summary>System calls on files that .NET lacks.</summary>
internal static partial class FileSystem
{
    private const int ReadOnly = 0;
    private const uint CloseOnExec = 1;

    /// <summary>Writes everything in the file system of a folder to disk.</summary>
    /// <exception cref="IOException">The folder cannot be opened, or the disk reports an error.</exception>
    public static void Sync(string folder)
    {
        var descriptor = open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"{folder} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            if (syncfs(descriptor) != 0)
            {
                throw new IOException($"{folder} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    /// <summary>Creates a file in memory. The caller closes the descriptor.</summary>
    /// <exception cref="IOException">The system is out of memory or descriptors.</exception>
    public static int CreateMemoryFile(string name)
    {
        var descriptor = memfd_create(name, CloseOnExec);
        return descriptor >= 0 ? descriptor : throw new IOException($"No memory file: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}

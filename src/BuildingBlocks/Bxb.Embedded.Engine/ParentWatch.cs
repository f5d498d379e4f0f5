using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine;

/// <summary>
/// Ends this process when the host is gone. Three ways, since each has a hole: the kernel's parent-death signal (only from the moment
/// it is asked for), the parent's id (for what happened before that), and the end of standard input, which the host holds open.
/// </summary>
internal static partial class ParentWatch
{
    private const int SetParentDeathSignal = 1;
    private const int Terminate = 15;

    /// <summary>Starts to watch; it goes on until the process ends.</summary>
    public static void Start(int parent, EndOfProcess ending)
    {
        // A session of its own: Ctrl+C in the host's terminal is for the host, which then stops this process in its turn.
        _ = setsid();
        if (OperatingSystem.IsLinux())
        {
            _ = prctl(SetParentDeathSignal, Terminate, 0, 0, 0);
        }

        if (getppid() != parent)
        {
            ending.Request();
        }

        var thread = new Thread(() => ReadToEnd(ending)) { IsBackground = true, Name = "parent-watch" };
        thread.Start();
    }

    private static void ReadToEnd(EndOfProcess ending)
    {
        // Nothing is ever sent; only the end of it matters.
        while (read(0, out _, 1) > 0)
        {
        }

        ending.Request();
    }

    [LibraryImport("libc")]
    private static partial nint read(int descriptor, out byte buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int setsid();

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc")]
    private static partial int prctl(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);
}

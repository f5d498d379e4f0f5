using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine;

/// <summary>
/// Ends this process when the host is gone. Three ways, because each has a gap: the kernel's parent-death signal works only after it is requested; the parent's id covers the time before;
/// standard input, which the host keeps open, ends with the host.
/// </summary>
internal static partial class ParentWatch
{
    private const int SetParentDeathSignal = 1;
    private const int Terminate = 15;

    public static void Start(int parent, EndOfProcess ending)
    {
        // A separate session: Ctrl+C in the host's terminal reaches the host only, which stops this process in turn.
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
        // The host sends nothing. Only the end matters.
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

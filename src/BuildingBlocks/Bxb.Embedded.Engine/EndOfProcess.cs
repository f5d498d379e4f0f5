using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine;

/// <summary>How this process ends: asked for once by a signal or the parent's death, forced when that takes too long.</summary>
internal sealed partial class EndOfProcess
{
    private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the process shall end.</summary>
    public Task Requested => _requested.Task;

    /// <summary>Asks for the end; further calls change nothing.</summary>
    public void Request() => _requested.TrySetResult();

    /// <summary>Asks for the end in the place of a signal's own effect.</summary>
    public void Request(PosixSignalContext context)
    {
        context.Cancel = true;
        Request();
    }

    /// <summary>Ends the process after a time, whatever it is doing then.</summary>
    public void ForceAfter(TimeSpan time) => _ = ForceAsync(time);

    /// <summary>Ends the process at once, without running what is registered for its end.</summary>
    public static void Now(int code) => _exit(code);

    private static async Task ForceAsync(TimeSpan time)
    {
        await Task.Delay(time);
        Now(2);
    }

    [LibraryImport("libc")]
    private static partial void _exit(int code);
}

using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine;

/// <summary>The end of this process: requested by a signal or the parent's death, forced when the orderly end takes too long.</summary>
internal sealed partial class EndOfProcess
{
    private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the end is requested.</summary>
    public Task Requested => _requested.Task;

    /// <summary>Requests the end. Further calls have no effect.</summary>
    public void Request() => _requested.TrySetResult();

    /// <summary>Requests the end instead of the signal's default action.</summary>
    public void Request(PosixSignalContext context)
    {
        context.Cancel = true;
        Request();
    }

    /// <summary>Ends the process after a time, without waiting for anything.</summary>
    public void ForceAfter(TimeSpan time) => _ = ForceAsync(time);

    /// <summary>Ends the process at once, without exit handlers.</summary>
    public static void Now(int code) => _exit(code);

    private static async Task ForceAsync(TimeSpan time)
    {
        await Task.Delay(time);
        Now(2);
    }

    [LibraryImport("libc")]
    private static partial void _exit(int code);
}

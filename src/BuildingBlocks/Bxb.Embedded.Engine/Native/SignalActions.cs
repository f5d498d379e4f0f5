using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine.Native;

/// <summary>
/// The signal handlers of this process, saved and restored. The engine's library replaces handlers while it connects. One of them is 34, the first real-time signal, by which the runtime
/// suspends its threads: without it the runtime dies at its next garbage collection.
/// </summary>
internal sealed unsafe partial class SignalActions
{
    private const int Signals = 64;

    // At least sizeof(struct sigaction) on any Linux. The content is opaque here.
    private const int ActionBytes = 256;

    private readonly byte[] _actions = new byte[(Signals + 1) * ActionBytes];
    private readonly bool[] _saved = new bool[Signals + 1];

    private SignalActions()
    {
        fixed (byte* actions = _actions)
        {
            for (var signal = 1; signal <= Signals; signal++)
            {
                // The C library reserves 32 and 33 and refuses them.
                _saved[signal] = sigaction(signal, null, actions + (signal * ActionBytes)) == 0;
            }
        }
    }

    public static SignalActions Save() => new();

    public void Restore()
    {
        fixed (byte* actions = _actions)
        {
            for (var signal = 1; signal <= Signals; signal++)
            {
                if (_saved[signal])
                {
                    _ = sigaction(signal, actions + (signal * ActionBytes), null);
                }
            }
        }
    }

    [LibraryImport("libc")]
    private static partial int sigaction(int signal, byte* action, byte* old);
}

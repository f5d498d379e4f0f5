using System.Runtime.InteropServices;

namespace Bxb.Embedded.Engine.Native;

/// <summary>
/// What this process does at each signal, saved and put back. The engine's library takes handlers over while it connects, 34 (the
/// first real-time signal) among them, with which the runtime suspends its threads: left so, the runtime dies at its next collection.
/// </summary>
internal sealed unsafe partial class SignalActions
{
    private const int Signals = 64;

    // Larger than struct sigaction is on any Linux; its content is never looked at.
    private const int ActionBytes = 256;

    private readonly byte[] _actions = new byte[(Signals + 1) * ActionBytes];
    private readonly bool[] _saved = new bool[Signals + 1];

    private SignalActions()
    {
        fixed (byte* actions = _actions)
        {
            for (var signal = 1; signal <= Signals; signal++)
            {
                // The C library keeps 32 and 33 for itself and refuses them.
                _saved[signal] = sigaction(signal, null, actions + (signal * ActionBytes)) == 0;
            }
        }
    }

    /// <summary>Saves what is set now.</summary>
    public static SignalActions Save() => new();

    /// <summary>Puts everything back as it was saved.</summary>
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

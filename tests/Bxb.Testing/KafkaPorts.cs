using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bxb.Testing;

/// <summary>
/// Adjoining free ports on 127.0.0.1 for a cluster that is killed and restarted on the same ones: below the range from which the system
/// gives out others, and held against other test processes by a locked file, which the system unlocks when the holder dies.
/// </summary>
internal sealed class KafkaPorts : IDisposable
{
    private const int Lowest = 21_000;
    private const int BlockSize = 16;
    private const int Blocks = 600;

    private readonly FileStream _lock;

    private KafkaPorts(int first, FileStream held)
    {
        First = first;
        _lock = held;
    }

    /// <summary>The first of the ports.</summary>
    public int First { get; }

    /// <summary>Takes ports that nobody listens on and no other test process has taken.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public static KafkaPorts Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, BlockSize);
        var locks = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "bxb-tests", "ports")).FullName;
        for (var block = 0; block < Blocks; block++)
        {
            var first = Lowest + (BlockSize * ((Environment.ProcessId + block) % Blocks));
            if (TryLock(Path.Combine(locks, first.ToString(CultureInfo.InvariantCulture))) is not { } held)
            {
                continue;
            }

            if (Enumerable.Range(first, count).All(IsFree))
            {
                return new KafkaPorts(first, held);
            }

            held.Dispose();
        }

        throw new InvalidOperationException($"No {count} adjoining ports are free.");
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

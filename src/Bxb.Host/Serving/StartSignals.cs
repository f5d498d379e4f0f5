using System.Runtime.InteropServices;

namespace Bxb.Host.Serving;

/// <summary>Handles SIGINT and SIGTERM until the web host does. Thread-safe.</summary>
internal sealed class StartSignals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StartSignals() => _registrations = [Register(PosixSignal.SIGINT), Register(PosixSignal.SIGTERM)];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Stops handling signals.</summary>
    public void Release()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    public void Dispose()
    {
        Release();
        _source.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _ = _source.CancelAsync();
    });
}

using System.Threading.Channels;
using Bxb.Embedded.Engine.Native;

namespace Bxb.Embedded.Engine.Running;

/// <summary>The connections for queries. A caller takes one and returns it; further callers wait in order.</summary>
internal sealed class ConnectionPool
{
    private readonly Channel<EngineConnection> _free = Channel.CreateUnbounded<EngineConnection>();

    public ConnectionPool(IEnumerable<EngineConnection> connections)
    {
        foreach (var connection in connections)
        {
            _free.Writer.TryWrite(connection);
        }
    }

    public ValueTask<EngineConnection> TakeAsync(CancellationToken ct) => _free.Reader.ReadAsync(ct);

    public void Return(EngineConnection connection) => _free.Writer.TryWrite(connection);
}

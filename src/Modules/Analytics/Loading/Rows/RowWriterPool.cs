using System.Threading.Channels;

namespace Bxb.Analytics.Loading.Rows;

/// <summary>A fixed number of <see cref="UsageRowWriter"/>s for all partitions of this host. An insert needs one; the others wait in order. Thread-safe.</summary>
/// <remarks>It bounds the memory and the server connections of loading, however many partitions a topic has, so that queries find a free connection.</remarks>
internal sealed class RowWriterPool : IDisposable
{
    private readonly Channel<UsageRowWriter> _free = Channel.CreateUnbounded<UsageRowWriter>();

    public RowWriterPool(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _free.Writer.TryWrite(new UsageRowWriter());
        }
    }

    /// <summary>Waits for a free writer. The caller owns it until <see cref="Return"/>.</summary>
    internal ValueTask<UsageRowWriter> RentAsync(CancellationToken cancellationToken) => _free.Reader.ReadAsync(cancellationToken);

    internal void Return(UsageRowWriter writer) => _free.Writer.TryWrite(writer);

    /// <summary>Disposes the writers that are not rented.</summary>
    public void Dispose()
    {
        while (_free.Reader.TryRead(out var writer))
        {
            writer.Dispose();
        }
    }
}

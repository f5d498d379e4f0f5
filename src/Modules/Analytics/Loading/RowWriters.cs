using System.Threading.Channels;

namespace Bxb.Analytics.Loading;

/// <summary>A few <see cref="UsageRowWriter"/>s that all lanes share: who has one may insert, the others wait in order. Thread-safe.</summary>
/// <remarks>So that neither memory nor the connections of the server grow with the partitions of a topic: queries find one free.</remarks>
internal sealed class RowWriters : IDisposable
{
    private readonly Channel<UsageRowWriter> _free = Channel.CreateUnbounded<UsageRowWriter>();

    public RowWriters(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _free.Writer.TryWrite(new UsageRowWriter());
        }
    }

    /// <summary>Waits for one; the caller's until it is given back.</summary>
    internal ValueTask<UsageRowWriter> TakeAsync(CancellationToken cancellationToken) => _free.Reader.ReadAsync(cancellationToken);

    internal void Return(UsageRowWriter writer) => _free.Writer.TryWrite(writer);

    /// <summary>Gives the buffers back of those that nobody has.</summary>
    public void Dispose()
    {
        while (_free.Reader.TryRead(out var writer))
        {
            writer.Dispose();
        }
    }
}

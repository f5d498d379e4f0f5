using System.Collections.Concurrent;
using MassTransit;

namespace Bxb.Riders.Compliance;

/// <summary>The action of a group's consumer on a batch, after the delivery was recorded.</summary>
public delegate Task Script(EventBatch batch, CancellationToken cancellationToken);

/// <summary>The scripts of a host by group, and all deliveries to it. Thread-safe.</summary>
public sealed class Stage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private readonly ConcurrentQueue<Delivered> _delivered = new();

    /// <summary>The script of each group. A group without an entry does nothing.</summary>
    public ConcurrentDictionary<string, Script> Scripts { get; } = new(StringComparer.Ordinal);

    /// <summary>All deliveries in order, failed attempts included.</summary>
    public IReadOnlyList<Delivered> Delivered => [.. _delivered];

    /// <summary>The deliveries to one group.</summary>
    public IReadOnlyList<Delivered> To(string group) => [.. _delivered.Where(d => d.Group == group)];

    /// <summary>Positions delivered to a group so far, repeats included.</summary>
    public IReadOnlyList<long> Positions(string group) => [.. To(group).SelectMany(d => d.Positions)];

    internal async Task PlayAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        _delivered.Enqueue(Compliance.Delivered.From(batch));
        if (Scripts.TryGetValue(batch.Group, out var script))
        {
            await script(batch, cancellationToken).WaitAsync(_closed.Token);
        }
    }

    /// <summary>Ends every script that still waits, at the end of the test.</summary>
    public void Close() => _closed.Cancel();

    /// <inheritdoc />
    public void Dispose() => _closed.Dispose();
}

/// <summary>A consumer that plays the script of its group.</summary>
public sealed class ScriptedConsumer(Stage stage) : IConsumer<EventBatch>
{
    /// <inheritdoc />
    public Task Consume(ConsumeContext<EventBatch> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return stage.PlayAsync(context.Message, context.CancellationToken);
    }
}

/// <summary>Another consumer type with the same behaviour.</summary>
public sealed class OtherConsumer(Stage stage) : IConsumer<EventBatch>
{
    /// <inheritdoc />
    public Task Consume(ConsumeContext<EventBatch> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return stage.PlayAsync(context.Message, context.CancellationToken);
    }
}

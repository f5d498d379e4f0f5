using System.Collections.Concurrent;
using MassTransit;

namespace Bxb.Riders.Compliance;

/// <summary>What a group's consumer does with a batch, once it is written down.</summary>
public delegate Task Script(EventBatch batch, CancellationToken cancellationToken);

/// <summary>The scripts of a host by group, and everything that was delivered to it. Thread-safe.</summary>
public sealed class Stage : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private readonly ConcurrentQueue<Delivered> _delivered = new();

    /// <summary>What each group does; nothing where there is no entry.</summary>
    public ConcurrentDictionary<string, Script> Scripts { get; } = new(StringComparer.Ordinal);

    /// <summary>Everything that was delivered, failed tries too, in the order of delivery.</summary>
    public IReadOnlyList<Delivered> Delivered => [.. _delivered];

    /// <summary>What one group was delivered.</summary>
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

    /// <summary>Ends every script that still waits for something: the test is over.</summary>
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

/// <summary>Another consumer type that does the same.</summary>
public sealed class OtherConsumer(Stage stage) : IConsumer<EventBatch>
{
    /// <inheritdoc />
    public Task Consume(ConsumeContext<EventBatch> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return stage.PlayAsync(context.Message, context.CancellationToken);
    }
}

namespace Bxb.EventLog.Appending;

/// <summary>A block on its way through the queue, and the task that its caller awaits. Taken by one writer or withdrawn by its caller, never both.</summary>
internal sealed class AppendRequest(AppendBlock block)
{
    private const int Queued = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public AppendBlock Block { get; } = block;

    /// <summary>Ends once the commit has, or when the block was withdrawn.</summary>
    public Task Task => _completion.Task;

    /// <summary>Claims the block for a writer; false when its caller has given up. From here on only the writer ends the task.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Queued) == Queued;

    /// <summary>Gives up while no writer has it.</summary>
    public void TryCancel(CancellationToken ct)
    {
        if (Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued)
        {
            _completion.TrySetCanceled(ct);
        }
    }

    /// <summary>Gives up while no writer has it, with a reason.</summary>
    public bool TryWithdraw(Exception reason) =>
        Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued && _completion.TrySetException(reason);

    public void Complete() => _completion.TrySetResult();

    public void Fail(Exception reason) => _completion.TrySetException(reason);
}

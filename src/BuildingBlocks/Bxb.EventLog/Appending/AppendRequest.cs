namespace Bxb.EventLog.Appending;

/// <summary>A block in the queue, and the task that its caller awaits. Either one writer takes it or its caller withdraws it.</summary>
internal sealed class AppendRequest(AppendBlock block)
{
    private const int Queued = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public AppendBlock Block { get; } = block;

    /// <summary>Ends with the commit, or when the block is withdrawn.</summary>
    public Task Task => _completion.Task;

    /// <summary>Takes the block for a writer, which ends the task from here on. Returns false if the block was withdrawn.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Queued) == Queued;

    /// <summary>Withdraws the block by cancellation, unless a writer has taken it.</summary>
    public void TryCancel(CancellationToken ct)
    {
        if (Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued)
        {
            _completion.TrySetCanceled(ct);
        }
    }

    /// <summary>Withdraws the block with a failure, unless a writer has taken it.</summary>
    public bool TryWithdraw(Exception reason) =>
        Interlocked.CompareExchange(ref _state, Withdrawn, Queued) == Queued && _completion.TrySetException(reason);

    public void Complete() => _completion.TrySetResult();

    public void Fail(Exception reason) => _completion.TrySetException(reason);
}

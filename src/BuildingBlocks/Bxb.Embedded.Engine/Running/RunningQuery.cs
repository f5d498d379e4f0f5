namespace Bxb.Embedded.Engine.Running;

/// <summary>A query, from its arrival until the engine has ended it. Thread-safe.</summary>
/// <param name="id">The client's query id, or one that was made for it.</param>
/// <param name="tag">Unique in this process. The setting log_comment holds it while the query runs, and a kill selects the query by it.</param>
internal sealed class RunningQuery(string id, string tag) : IDisposable
{
    private readonly CancellationTokenSource _cancelled = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    public string Tag => tag;

    /// <summary>Cancelled by a kill, or when the client disconnects.</summary>
    public CancellationToken Cancelled => _cancelled.Token;

    /// <summary>Completes when the engine has ended the query.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether the engine may know of it now.</summary>
    public bool IsInEngine { get; set; }

    public Task CancelAsync() => _ended.Task.IsCompleted ? Task.CompletedTask : _cancelled.CancelAsync();

    public void End() => _ended.TrySetResult();

    public void Dispose() => _cancelled.Dispose();
}

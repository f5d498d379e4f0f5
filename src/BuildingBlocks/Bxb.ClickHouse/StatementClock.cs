using System.Net.Http;
using System.Net.Sockets;

namespace Bxb.ClickHouse;

/// <summary>The time limit of one statement, linked with its caller's cancellation; distinguishes the two afterwards.</summary>
internal sealed class StatementClock : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _limit;

    internal StatementClock(TimeSpan limit, CancellationToken caller)
    {
        _limit = limit;
        _caller = caller;
        _source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _source.CancelAfter(limit);
    }

    internal CancellationToken Token => _source.Token;

    /// <summary>Translates the failure of a request or a read: a cancellation by the caller stays one, all others become a <see cref="ClickHouseException"/>.</summary>
    internal Exception Translate(Exception e) => e switch
    {
        ClickHouseException => e,
        _ when _caller.IsCancellationRequested => new OperationCanceledException(e.Message, e, _caller),
        _ when _source.IsCancellationRequested => ClickHouseErrors.Timeout(_limit, e),
        OperationCanceledException { InnerException: TimeoutException } => ClickHouseErrors.FromConnection(new HttpRequestException(HttpRequestError.ConnectionError, e.Message, e)),
        HttpRequestException http => ClickHouseErrors.FromConnection(http),
        // The handler can throw it when a connection is reset while it is opened.
        SocketException => ClickHouseErrors.FromConnection(new HttpRequestException(HttpRequestError.ConnectionError, e.Message, e)),
        IOException => ClickHouseErrors.Cut(e),
        _ => e,
    };

    public void Dispose() => _source.Dispose();
}

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bxb.ClickHouse;

/// <summary>Speaks to a ClickHouse server, or to the embedded engine, over ClickHouse's HTTP interface.</summary>
/// <remarks>
/// Thread-safe; one for the life of a process. Every call ends within its time limit. A cancelled or timed-out call closes its connection, but the server may go on
/// with the statement: <see cref="ClickHouseException.MayStillRun"/> says so, <see cref="KillAsync"/> ends it. Nothing is retried here.
/// </remarks>
public sealed class ClickHouseClient : IDisposable
{
    private readonly ClickHouseOptions _options;
    private readonly StatementRequest _requests;
    private readonly ServerConnection _server;

    /// <summary>Makes a client; no connection is opened.</summary>
    /// <param name="options">Read once.</param>
    /// <param name="handler">Instead of the client's own connections; stays its owner's.</param>
    /// <exception cref="ArgumentException">The URL is missing or not of the form that <see cref="ClickHouseOptions.Url"/> tells.</exception>
    public ClickHouseClient(ClickHouseOptions options, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _requests = new StatementRequest(ClickHouseAddress.Parse(options.Url));
        _server = new ServerConnection(options, handler);
    }

    /// <summary>What the server last called itself; null before its first answer. The embedded engine takes a new name at every start.</summary>
    public string? ServerInstance => _server.Instance;

    /// <summary>The database of the URL; null when it names none.</summary>
    public string? Database => _requests.Database;

    /// <summary>Runs a statement whose result, if any, is of no interest, to its end. The server is told to send none, so that only an empty answer says that it is done.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    public Task ExecuteAsync(ClickHouseStatement statement, CancellationToken cancellationToken = default) =>
        RunAsync("execute", statement, _requests.Command(statement, statement.Sql), null, cancellationToken);

    /// <summary>Runs a query; its rows are read as they arrive. Dispose of the result.</summary>
    /// <remarks>
    /// A SELECT; it becomes the subquery of another one, so that its answer proves that it is whole; see <see cref="ClickHouseResult"/> for when. The server makes the whole answer, in its memory,
    /// before it sends the first row. Rows keep the order of the query.
    /// </remarks>
    /// <exception cref="ClickHouseException">It failed before the first row.</exception>
    public Task<ClickHouseResult> QueryAsync(ClickHouseStatement statement, CancellationToken cancellationToken = default) => QueryAsync("query", statement, cancellationToken);

    private async Task<ClickHouseResult> QueryAsync(string operation, ClickHouseStatement statement, CancellationToken cancellationToken)
    {
        var limit = statement.Timeout ?? _options.QueryTimeout;
        var clock = new StatementClock(limit, cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        HttpResponseMessage? response = null;
        try
        {
            var serverLimit = statement.Settings.Any(s => s.Key == "max_execution_time") ? (TimeSpan?)null : limit;
            var trailer = new AnswerTrailer();
            using var request = _requests.Query(statement, trailer.Wrap(statement.Sql), serverLimit);
            response = await _server.SendAsync(request, clock);
            var result = await ClickHouseResult.OpenAsync(response, trailer, clock);
            Measure(operation, begun, "ok");
            return result;
        }
        catch (Exception e)
        {
            var translated = clock.Translate(e);
            Measure(operation, begun, Outcome(translated));
            response?.Dispose();
            clock.Dispose();
            throw translated == e ? Rethrown(e) : translated;
        }
    }

    /// <summary>Inserts rows by a statement of the form <c>INSERT INTO t (…) SELECT … FROM input('…') [WHERE …] [SETTINGS …] FORMAT RowBinary</c>.</summary>
    /// <param name="statement">The statement; it ends with FORMAT RowBinary.</param>
    /// <param name="rows">The rows; the caller's until the task has ended, and not to be changed meanwhile. No rows is no error.</param>
    /// <param name="expectedRows">How many rows the server has to say that it has written, at least; 0 where the statement may leave out any. A view on the table makes it count more.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may go on.</param>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown; <see cref="ClickHouseException.IsUnproven"/> when the server does not say that it has written the rows.</exception>
    public async Task InsertAsync(ClickHouseStatement statement, ReadOnlyMemory<byte> rows, long expectedRows = 0, CancellationToken cancellationToken = default)
    {
        await RunAsync("insert", statement, _requests.Insert(statement, statement.Sql, rows), expectedRows, cancellationToken);
        ClickHouseInstruments.InsertedBytes.Add(rows.Length);
    }

    /// <summary>Ends every running statement whose query id is, or begins with, a text; returns when none runs any more.</summary>
    /// <param name="queryId">The id, or with <paramref name="isPrefix"/> its beginning.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="isPrefix">Whether all ids that begin with the text are meant.</param>
    /// <param name="containing">With <paramref name="isPrefix"/>: only those that contain this text, too.</param>
    /// <exception cref="ClickHouseException">The server failed, or a statement was still running at the time limit of an insert.</exception>
    public async Task KillAsync(string queryId, CancellationToken cancellationToken = default, bool isPrefix = false, string containing = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(queryId);
        // The embedded engine does these forms by itself, and knows of statements that have not begun; any other SYNC waits for ever there.
        var which = !isPrefix ? "query_id = {id:String}" : containing.Length == 0 ? "startsWith(query_id, {id:String})" : "startsWith(query_id, {id:String}) AND position(query_id, {part:String}) > 0";
        using var deadline = new CancellationTokenSource(_options.InsertTimeout);
        while (true)
        {
            await ExecuteAsync(new ClickHouseStatement($"KILL QUERY WHERE {which} SYNC").With("id", queryId).With("part", containing), cancellationToken);
            await using var left = await QueryAsync(new ClickHouseStatement($"SELECT count() FROM system.processes WHERE {which}").With("id", queryId).With("part", containing), cancellationToken);
            if (await left.ReadOneAsync() && left.GetUInt64(0) == 0)
            {
                return;
            }

            if (deadline.IsCancellationRequested)
            {
                throw ClickHouseErrors.Timeout(_options.InsertTimeout, new TimeoutException($"Statements {queryId} do not end."));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
    }

    /// <summary>Asks whether the server answers, with these credentials.</summary>
    /// <exception cref="ClickHouseException">It does not.</exception>
    public async Task PingAsync(CancellationToken cancellationToken = default)
    {
        var limit = _options.ConnectTimeout < _options.QueryTimeout ? _options.ConnectTimeout : _options.QueryTimeout;
        await using var answer = await QueryAsync("ping", new ClickHouseStatement("SELECT 1") { Timeout = limit }, cancellationToken);
        await answer.ReadOneAsync();
    }

    /// <summary>Asks whether there is a process at all that answers, however busy it is: without credentials, without a query, on a connection that no query can take.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it does not answer in time, or says that it cannot.</returns>
    public async Task<bool> IsAliveAsync(TimeSpan limit, CancellationToken cancellationToken = default)
    {
        using var request = _requests.Plain(HttpMethod.Get, "/ping");
        return await _server.AnswersAsync(request, limit, cancellationToken);
    }

    /// <summary>Runs work that waits for the server, as long as the server gives a sign of life: a query may take its time, a process that hangs is not waited for.</summary>
    /// <param name="work">The work; it ends when its token is cancelled.</param>
    /// <param name="limit">How long there may be no sign of life. After half of it, and again and again, one is asked for.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ClickHouseException"><see cref="ClickHouseException.IsHang"/>, or what the work throws.</exception>
    public async Task<T> WhileAliveAsync<T>(Func<CancellationToken, Task<T>> work, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = work(givenUp.Token);
        Task ended = running;
        while (!ended.IsCompleted)
        {
            await ended.WaitAsync(limit / 2, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!ended.IsCompleted && !await IsAliveAsync(limit / 2, CancellationToken.None) && !ended.IsCompleted && !cancellationToken.IsCancellationRequested)
            {
                await givenUp.CancelAsync();
                await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw ClickHouseErrors.Hang(limit);
            }
        }

        return await running;
    }

    /// <summary>Has the embedded engine bring to disk whatever it has acknowledged.</summary>
    /// <returns>False when the server is none of ours and has no such call.</returns>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    public async Task<bool> SyncAsync(CancellationToken cancellationToken = default)
    {
        using var clock = new StatementClock(_options.InsertTimeout, cancellationToken);
        try
        {
            using var request = _requests.Plain(HttpMethod.Post, "/bxb/sync");
            using var response = await _server.SendUncheckedAsync(request, clock);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return false;
            }

            await ServerConnection.CheckAsync(response, clock.Token);
            await StatementAnswer.RequireEmptyAsync(response, clock);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            throw clock.Translate(e);
        }
    }

    /// <summary>Runs a statement outside of the URL's database, for making that.</summary>
    internal Task ExecuteOutsideAsync(ClickHouseStatement statement, CancellationToken cancellationToken) =>
        RunAsync("execute", statement, _requests.Command(statement, statement.Sql, withDatabase: false), null, cancellationToken);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _server.Dispose();

    /// <summary>Sends a statement whose answer has to be empty.</summary>
    /// <param name="operation">For the metrics.</param>
    /// <param name="statement">The statement.</param>
    /// <param name="request">It, as it is sent; disposed.</param>
    /// <param name="writtenRows">How many rows the server has to say that it has written; null where it need not say.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    private async Task RunAsync(string operation, ClickHouseStatement statement, HttpRequestMessage request, long? writtenRows, CancellationToken cancellationToken)
    {
        using var clock = new StatementClock(statement.Timeout ?? _options.InsertTimeout, cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        try
        {
            using (request)
            {
                using var response = await _server.SendAsync(request, clock);
                await StatementAnswer.RequireEmptyAsync(response, clock);
                if (writtenRows is { } expected && !(StatementAnswer.WrittenRows(response) >= expected))
                {
                    throw ClickHouseErrors.Unproven($"{StatementAnswer.WrittenRows(response)?.ToString(CultureInfo.InvariantCulture) ?? "an unknown number of"} rows written, {expected} expected");
                }
            }

            Measure(operation, begun, "ok");
        }
        catch (Exception e)
        {
            var translated = clock.Translate(e);
            Measure(operation, begun, Outcome(translated));
            throw translated == e ? Rethrown(e) : translated;
        }
    }

    private static Exception Rethrown(Exception e)
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
        return e;
    }

    private static string Outcome(Exception e) => e is ClickHouseException c ? c.Name : "CANCELLED";

    private static void Measure(string operation, long begun, string outcome) =>
        ClickHouseInstruments.Duration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, new("operation", operation), new("outcome", outcome));
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bxb.ClickHouse;

/// <summary>A client of a ClickHouse server, or of the embedded engine, over ClickHouse's HTTP interface.</summary>
/// <remarks>
/// Thread-safe; one for the life of a process. Every call ends within its time limit. A cancelled or timed-out call closes its connection, but the server may continue
/// the statement; see <see cref="ClickHouseException.MayStillRun"/> and <see cref="KillAsync"/>. The client retries nothing.
/// </remarks>
public sealed class ClickHouseClient : IDisposable
{
    private readonly ClickHouseOptions _options;
    private readonly StatementRequest _requests;
    private readonly ServerConnection _server;
    private readonly ClickHouseInstruments _instruments;

    /// <summary>Creates a client; opens no connection.</summary>
    /// <param name="options">Read once.</param>
    /// <param name="handler">Instead of the client's own connections. The caller disposes it.</param>
    /// <param name="meters">Creates the meter <c>Bxb.ClickHouse</c>; null outside of a host.</param>
    /// <exception cref="ArgumentException">The URL is missing or has not the form of <see cref="ClickHouseOptions.Url"/>.</exception>
    public ClickHouseClient(ClickHouseOptions options, HttpMessageHandler? handler = null, IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _requests = new StatementRequest(ClickHouseAddress.Parse(options.Url));
        _server = new ServerConnection(options, handler);
        _instruments = new ClickHouseInstruments(meters);
    }

    /// <summary>The instance name in the last answer of the server; null before its first answer. The embedded engine has a new name after every start.</summary>
    public string? ServerInstance => _server.Instance;

    /// <summary>The database of the URL; null if none.</summary>
    public string? Database => _requests.Database;

    /// <summary>Runs a statement to its end and ignores its result. The server sends no result, so only an empty answer proves success.</summary>
    /// <exception cref="ClickHouseException">The statement failed, or its outcome is unknown.</exception>
    public Task ExecuteAsync(ClickHouseStatement statement, CancellationToken cancellationToken = default) =>
        RunAsync("execute", statement, _requests.Command(statement, statement.Sql), null, cancellationToken);

    /// <summary>Runs a query whose rows are read as they arrive. The caller disposes the result.</summary>
    /// <remarks>
    /// The query, a SELECT, becomes a subquery, so that its answer proves that it is complete; see <see cref="ClickHouseResult"/>. The server builds the whole answer in memory before it sends the
    /// first row. The rows keep their order.
    /// </remarks>
    /// <exception cref="ClickHouseException">The query failed before the first row.</exception>
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
            _instruments.Ran(operation, begun, "ok");
            return result;
        }
        catch (Exception e)
        {
            var translated = clock.Translate(e);
            _instruments.Ran(operation, begun, Outcome(translated));
            response?.Dispose();
            clock.Dispose();
            throw translated == e ? Rethrown(e) : translated;
        }
    }

    /// <summary>Inserts rows by a statement of the form <c>INSERT INTO t (…) SELECT … FROM input('…') [WHERE …] [SETTINGS …] FORMAT RowBinary</c>.</summary>
    /// <param name="statement">The statement, ending with FORMAT RowBinary.</param>
    /// <param name="rows">The rows, borrowed until the task has ended; they must not be changed meanwhile. May be empty.</param>
    /// <param name="expectedRows">Minimum number of written rows that the server must report; 0 if the statement can omit rows. A view on the table increases the number.</param>
    /// <param name="cancellationToken">Ends the wait; the server may continue.</param>
    /// <exception cref="ClickHouseException">The insert failed, or its outcome is unknown; <see cref="ClickHouseException.IsUnproven"/> if the server does not report the rows as written.</exception>
    public async Task InsertAsync(ClickHouseStatement statement, ReadOnlyMemory<byte> rows, long expectedRows = 0, CancellationToken cancellationToken = default)
    {
        await RunAsync("insert", statement, _requests.Insert(statement, statement.Sql, rows), expectedRows, cancellationToken);
        _instruments.Inserted(rows.Length);
    }

    /// <summary>Kills every running statement with a query id or a prefix of it, and waits until they have ended.</summary>
    /// <param name="queryId">The id, or with <paramref name="isPrefix"/> its prefix.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="isPrefix">Whether the id is a prefix.</param>
    /// <param name="containing">With <paramref name="isPrefix"/>: only ids that also contain this text.</param>
    /// <exception cref="ClickHouseException">The server failed, or a statement still ran after <see cref="ClickHouseOptions.InsertTimeout"/>.</exception>
    public async Task KillAsync(string queryId, CancellationToken cancellationToken = default, bool isPrefix = false, string containing = "")
    {
        ArgumentException.ThrowIfNullOrEmpty(queryId);
        // The embedded engine implements exactly these forms, also for statements that have not begun. Any other SYNC waits there for ever.
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

    /// <summary>Checks that the server answers with these credentials.</summary>
    /// <exception cref="ClickHouseException">It does not answer.</exception>
    public async Task PingAsync(CancellationToken cancellationToken = default)
    {
        var limit = _options.ConnectTimeout < _options.QueryTimeout ? _options.ConnectTimeout : _options.QueryTimeout;
        await using var answer = await QueryAsync("ping", new ClickHouseStatement("SELECT 1") { Timeout = limit }, cancellationToken);
        await answer.ReadOneAsync();
    }

    /// <summary>Checks whether the server process answers, also when it is busy: without credentials and without a query, on a connection that no query uses.</summary>
    /// <param name="limit">The time limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False if it does not answer in time, or answers with a server error.</returns>
    public async Task<bool> IsAliveAsync(TimeSpan limit, CancellationToken cancellationToken = default)
    {
        using var request = _requests.Plain(HttpMethod.Get, "/ping");
        return await _server.AnswersAsync(request, limit, cancellationToken);
    }

    /// <summary>Runs work that waits for the server, for as long as the server answers pings. The work may be slow, but a process that hangs ends it.</summary>
    /// <param name="work">The work, which ends when its token is cancelled.</param>
    /// <param name="limit">Maximum time without an answer. The server is pinged at intervals of half of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ClickHouseException"><see cref="ClickHouseException.IsHang"/>, or an exception of the work.</exception>
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

    /// <summary>Makes the embedded engine write everything that it has acknowledged to disk.</summary>
    /// <returns>False if the server is not the embedded engine.</returns>
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

    /// <summary>Runs a statement outside of the database of the URL, which may not exist.</summary>
    internal Task ExecuteOutsideAsync(ClickHouseStatement statement, CancellationToken cancellationToken) =>
        RunAsync("execute", statement, _requests.Command(statement, statement.Sql, withDatabase: false), null, cancellationToken);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _server.Dispose();

    /// <summary>Sends a statement whose answer must be empty.</summary>
    /// <param name="operation">For the metrics.</param>
    /// <param name="statement">The statement.</param>
    /// <param name="request">The request of the statement; it is disposed.</param>
    /// <param name="writtenRows">Minimum number of written rows that the server must report; null if it need not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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

            _instruments.Ran(operation, begun, "ok");
        }
        catch (Exception e)
        {
            var translated = clock.Translate(e);
            _instruments.Ran(operation, begun, Outcome(translated));
            throw translated == e ? Rethrown(e) : translated;
        }
    }

    private static Exception Rethrown(Exception e)
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
        return e;
    }

    private static string Outcome(Exception e) => e is ClickHouseException c ? c.Name : "CANCELLED";
}

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
    private const string ExceptionCodeHeader = "X-ClickHouse-Exception-Code";
    private const string InstanceHeader = "X-ClickHouse-Server-Display-Name";

    private readonly ClickHouseOptions _options;
    private readonly HttpClient _http;
    private readonly StatementRequest _requests;
    private volatile string? _serverInstance;

    /// <summary>Makes a client; no connection is opened.</summary>
    /// <param name="options">Read once.</param>
    /// <param name="handler">Instead of the client's own connections; stays its owner's.</param>
    /// <exception cref="ArgumentException">The URL is missing or not of the form that <see cref="ClickHouseOptions.Url"/> tells.</exception>
    public ClickHouseClient(ClickHouseOptions options, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _requests = new StatementRequest(ClickHouseAddress.Parse(options.Url));
        _http = new HttpClient(handler ?? Connections(options), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>What the server last called itself; null before its first answer. The embedded engine takes a new name at every start.</summary>
    public string? ServerInstance => _serverInstance;

    /// <summary>The database of the URL; null when it names none.</summary>
    public string? Database => _requests.Database;

    /// <summary>Runs a statement whose result, if any, is of no interest, to its end.</summary>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    public Task ExecuteAsync(ClickHouseStatement statement, CancellationToken cancellationToken = default) =>
        RunAsync("execute", statement, _requests.Query(statement, statement.Sql, serverLimit: null), cancellationToken);

    /// <summary>Runs a query; its rows are read as they arrive. Dispose of the result.</summary>
    /// <exception cref="ClickHouseException">It failed before the first row.</exception>
    public async Task<ClickHouseResult> QueryAsync(ClickHouseStatement statement, CancellationToken cancellationToken = default)
    {
        var limit = statement.Timeout ?? _options.QueryTimeout;
        var clock = new StatementClock(limit, cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        HttpResponseMessage? response = null;
        try
        {
            var serverLimit = statement.Settings.Any(s => s.Key == "max_execution_time") ? (TimeSpan?)null : limit;
            using var request = _requests.Query(statement, statement.Sql + "\nFORMAT RowBinaryWithNamesAndTypes", serverLimit);
            response = await SendAsync(request, clock);
            var result = await ClickHouseResult.OpenAsync(response, clock);
            Measure("query", begun, "ok");
            return result;
        }
        catch (Exception e)
        {
            var translated = clock.Translate(e);
            Measure("query", begun, Outcome(translated));
            response?.Dispose();
            clock.Dispose();
            throw translated == e ? Rethrown(e) : translated;
        }
    }

    /// <summary>Inserts rows by a statement of the form <c>INSERT INTO t (…) SELECT … FROM input('…') [WHERE …] [SETTINGS …] FORMAT RowBinary</c>.</summary>
    /// <param name="statement">The statement; it ends with FORMAT RowBinary.</param>
    /// <param name="rows">The rows; the caller's until the task has ended, and not to be changed meanwhile. No rows is no error.</param>
    /// <param name="cancellationToken">Gives up waiting; the server may go on.</param>
    /// <exception cref="ClickHouseException">It failed, or its end is unknown.</exception>
    public async Task InsertAsync(ClickHouseStatement statement, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken = default)
    {
        await RunAsync("insert", statement, _requests.Insert(statement, statement.Sql, rows), cancellationToken);
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
            if (await left.ReadAsync() && left.GetUInt64(0) == 0)
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
    public Task PingAsync(CancellationToken cancellationToken = default)
    {
        var limit = _options.ConnectTimeout < _options.QueryTimeout ? _options.ConnectTimeout : _options.QueryTimeout;
        var statement = new ClickHouseStatement("SELECT 1") { Timeout = limit };
        return RunAsync("ping", statement, _requests.Query(statement, statement.Sql, serverLimit: null), cancellationToken);
    }

    /// <summary>Has the embedded engine bring to disk whatever it has acknowledged.</summary>
    /// <returns>False when the server is none of ours and has no such call.</returns>
    /// <exception cref="ClickHouseException">It failed.</exception>
    public async Task<bool> SyncAsync(CancellationToken cancellationToken = default)
    {
        using var clock = new StatementClock(_options.InsertTimeout, cancellationToken);
        try
        {
            using var request = _requests.Plain(HttpMethod.Post, "/bxb/sync");
            using var response = await _http.SendAsync(request, clock.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                Remember(response);
                return false;
            }

            await CheckAsync(response, clock.Token);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            throw clock.Translate(e);
        }
    }

    /// <summary>Runs a statement outside of the URL's database, for making that.</summary>
    internal Task ExecuteOutsideAsync(ClickHouseStatement statement, CancellationToken cancellationToken) =>
        RunAsync("execute", statement, _requests.Query(statement, statement.Sql, serverLimit: null, withDatabase: false), cancellationToken);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler Connections(ClickHouseOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        MaxConnectionsPerServer = options.MaxConnections,
        // Shorter than any server's keep-alive, so that a request seldom meets a connection that is being closed.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
    };

    private async Task RunAsync(string operation, ClickHouseStatement statement, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var clock = new StatementClock(statement.Timeout ?? _options.InsertTimeout, cancellationToken);
        var begun = Stopwatch.GetTimestamp();
        try
        {
            using (request)
            {
                using var response = await SendAsync(request, clock);
                await StatementAnswer.DrainAsync(response, clock);
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

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, StatementClock clock)
    {
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token);
        try
        {
            await CheckAsync(response, clock.Token);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        Remember(response);
        var code = 0;
        if (response.Headers.TryGetValues(ExceptionCodeHeader, out var codes))
        {
            _ = int.TryParse(codes.First(), NumberStyles.None, CultureInfo.InvariantCulture, out code);
        }

        if (response.IsSuccessStatusCode && code == 0)
        {
            return;
        }

        throw ClickHouseErrors.FromServer(await StatementAnswer.ErrorTextAsync(response, cancellationToken), code, (int)response.StatusCode);
    }

    private void Remember(HttpResponseMessage response)
    {
        if (response.Headers.TryGetValues(InstanceHeader, out var names))
        {
            _serverInstance = names.First();
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

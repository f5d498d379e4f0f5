using System.Threading.Channels;
using Bxb.Embedded.Engine.Native;
using Bxb.Embedded.Engine.Results;
using Bxb.Embedded.Engine.Sql;

namespace Bxb.Embedded.Engine.Running;

/// <summary>
/// Runs queries on the pool's connections, and kills them. A query is cancelled when it is killed or its client disconnects. The engine ends it before its connection returns to the pool,
/// and a kill returns after that: a killed query changes nothing any more.
/// </summary>
internal sealed class QueryRunner
{
    private const int QueryWasCancelled = 394;
    // The engine's error for a stream that a piece without a row has ended.
    private const string StreamHasEnded = "No active streaming query";

    private static readonly TimeSpan KillInterval = TimeSpan.FromMilliseconds(50);

    private readonly Channel<EngineConnection> _free = Channel.CreateUnbounded<EngineConnection>();
    private readonly RunningQueries _running = new();
    private readonly EngineConnection _control;

    /// <summary>Creates the runner.</summary>
    /// <param name="pool">The connections for queries. Further queries wait for one in order.</param>
    /// <param name="control">A connection for kills only, free when all others are busy.</param>
    public QueryRunner(IEnumerable<EngineConnection> pool, EngineConnection control)
    {
        _control = control;
        foreach (var connection in pool)
        {
            _free.Writer.TryWrite(connection);
        }
    }

    /// <summary>
    /// Runs the work of one request under its query id. The id is registered before the body is read, so a kill also finds a query whose rows are still arriving.
    /// </summary>
    /// <exception cref="EngineException">Another query with this id runs, this one was cancelled, or it failed.</exception>
    public async Task RegisteredAsync(string id, CancellationToken clientGone, Func<RunningQuery, Task> work)
    {
        var query = _running.Add(id);
        await using var cancelling = clientGone.Register(() => _ = KillAsync(query));
        try
        {
            await work(query);
        }
        catch (OperationCanceledException e) when (query.Cancelled.IsCancellationRequested)
        {
            throw EngineException.Own(QueryWasCancelled, "QUERY_WAS_CANCELLED", $"Query was cancelled ({e.Message})");
        }
        finally
        {
            _running.Remove(query);
        }
    }

    /// <summary>Runs a statement, writes its rows to the answer, and returns when the engine has ended it.</summary>
    /// <exception cref="EngineException">The engine refused the statement or ended it. The answer may have begun.</exception>
    public async Task RunAsync(RunningQuery query, QueryRequest request, Statement statement, string sql, ResultWriter answer)
    {
        var connection = await _free.Reader.ReadAsync(query.Cancelled);
        try
        {
            await RunOnAsync(connection, query, request, statement, sql, answer);
        }
        finally
        {
            await connection.RunAsync(() => connection.Reset(request.Settings));
            _free.Writer.TryWrite(connection);
        }
    }

    /// <summary>
    /// Kills the queries with an id, or those whose ids begin with one text and contain another. Answers after their end, as a server does: one row, or none when nothing was found.
    /// Uses no connection of the pool, so it works when all are busy.
    /// </summary>
    public async Task KillAsync(string id, bool isPrefix, string containing, string format, ResultWriter answer, CancellationToken ct)
    {
        var queries = _running.Find(id, isPrefix, containing);
        await Task.WhenAll(queries.Select(KillAsync));
        var sql = $"SELECT 'finished' AS kill_status, {SqlText.Literal(id)} AS query_id, 'default' AS user, '' AS query WHERE {(queries.Count > 0 ? 1 : 0)}";
        using var result = await ControlAsync(sql, format);
        result.ThrowIfFailed();
        await answer.WriteAsync(result, from: 0, ct);
        await answer.CompleteAsync(ct);
    }

    private async Task KillAsync(RunningQuery query)
    {
        await query.CancelAsync();
        while (!query.Ended.IsCompleted)
        {
            // Repeated, because the engine lists a query some time after the call that starts it.
            if (query.IsInEngine)
            {
                (await ControlAsync($"KILL QUERY WHERE Settings['log_comment'] = {SqlText.Literal(query.Tag)} ASYNC", "Null")).Dispose();
            }

            await Task.WhenAny(query.Ended, Task.Delay(KillInterval, CancellationToken.None));
        }
    }

    private Task<EngineResult> ControlAsync(string sql, string format) => _control.RunAsync(() => _control.Query(sql, format, [], streaming: false));

    private static async Task RunOnAsync(EngineConnection connection, RunningQuery query, QueryRequest request, Statement statement, string sql, ResultWriter answer)
    {
        var format = statement.OutputFormat ?? request.DefaultFormat;
        var framing = statement.IsStreamed && !request.WaitForEnd ? PieceFraming.Of(format) : null;
        var streaming = framing is not null;
        await connection.RunAsync(() => connection.Prepare(request.Database, [new("log_comment", query.Tag), .. request.Settings]));
        query.Cancelled.ThrowIfCancellationRequested();
        query.IsInEngine = true;
        var result = await connection.RunAsync(() => connection.Query(sql, format, request.Parameters, streaming));
        try
        {
            result.ThrowIfFailed();
            if (framing is not null && await StreamAsync(connection, query, result, framing, answer))
            {
                return;
            }

            if (streaming)
            {
                // A stream without rows lacks the frame of its format, such as names and types. The statement run as a whole has it.
                var stream = result;
                result = await connection.RunAsync(() =>
                {
                    stream.Dispose();
                    return connection.Query(sql, format, request.Parameters, streaming: false);
                });
                result.ThrowIfFailed();
            }

            await answer.WriteAsync(result, from: 0, query.Cancelled);
            await answer.CompleteAsync(query.Cancelled);
        }
        finally
        {
            query.IsInEngine = false;
            await connection.RunAsync(() => result.Dispose());
        }
    }

    /// <summary>Sends the rows piece by piece. False when there are none; nothing is sent then.</summary>
    private static async Task<bool> StreamAsync(EngineConnection connection, RunningQuery query, EngineResult stream, PieceFraming framing, ResultWriter answer)
    {
        var ended = false;
        try
        {
            for (var pieces = 0; ; pieces++)
            {
                using var piece = await connection.RunAsync(() => connection.Fetch(stream));
                ended = piece.Error is not null || piece.Bytes.IsEmpty;
                if (piece.Error != StreamHasEnded)
                {
                    piece.ThrowIfFailed();
                }

                // A killed stream may end as if it were complete.
                query.Cancelled.ThrowIfCancellationRequested();
                if (ended && pieces > 0)
                {
                    await answer.CompleteAsync(query.Cancelled);
                }

                if (ended)
                {
                    return pieces > 0;
                }

                await answer.WriteAsync(piece, framing.Repeated(piece.Bytes), query.Cancelled);
            }
        }
        finally
        {
            if (!ended)
            {
                await connection.RunAsync(() => connection.Cancel(stream));
            }
        }
    }
}

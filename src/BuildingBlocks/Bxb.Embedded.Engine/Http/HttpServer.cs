using System.Net;
using System.Security.Cryptography;
using Bxb.Embedded.Engine.Results;
using Bxb.Embedded.Engine.Running;
using Bxb.Embedded.Engine.Sql;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Bxb.Embedded.Engine.Http;

/// <summary>
/// ClickHouse's HTTP interface on 127.0.0.1: <c>/</c> for queries and <c>/ping</c>. <c>/bxb/sync</c>, which a server lacks, answers once everything that the engine has written is on disk.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private const int MaxRequestLineBytes = 1 << 20;
    private const int Readonly = 164;
    private const int UnknownException = 1002;

    private readonly WebApplication _application;
    private readonly EngineArguments _arguments;
    private readonly Credentials _credentials;
    private readonly QueryRunner _queries;

    private HttpServer(WebApplication application, EngineArguments arguments, string password, QueryRunner queries)
    {
        (_application, _arguments, _queries) = (application, arguments, queries);
        _credentials = new Credentials(EngineArguments.User, password);
        Instance = RandomNumberGenerator.GetHexString(16, lowercase: true);
        application.Run(HandleAsync);
    }

    /// <summary>Differs at every start of the process, so a client can tell that the engine was restarted.</summary>
    public string Instance { get; }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<HttpServer> StartAsync(EngineArguments arguments, string password, QueryRunner queries)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, arguments.Port);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLineBytes;
            kestrel.Limits.MaxRequestBufferSize = MaxRequestLineBytes * 2;
            // The host's client pauses while it processes rows.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        var server = new HttpServer(builder.Build(), arguments, password, queries);
        await server._application.StartAsync();
        return server;
    }

    /// <summary>Refuses new requests and waits up to 3 s for running ones.</summary>
    public async Task StopAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await _application.StopAsync(patience.Token);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers["X-ClickHouse-Server-Display-Name"] = Instance;
        var answer = new ResultWriter(context);
        try
        {
            if (context.Request.Path == "/ping" || (context.Request.Path == "/" && HttpMethods.IsGet(context.Request.Method) && context.Request.Query.Count == 0))
            {
                await context.Response.WriteAsync("Ok.\n", context.RequestAborted);
                return;
            }

            _credentials.Check(context.Request);
            if (context.Request.Headers.TryGetValue("X-Bxb-Instance", out var meant) && meant != Instance)
            {
                // The statement was meant for the engine before its restart, after which its data may be older.
                context.Response.StatusCode = StatusCodes.Status412PreconditionFailed;
            }
            else if (context.Request.Path == "/")
            {
                await _queries.RegisteredAsync(RequestReader.QueryIdOf(context.Request), context.RequestAborted, query => QueryAsync(context, query, answer));
            }
            else if (context.Request.Path == "/bxb/sync" && HttpMethods.IsPost(context.Request.Method))
            {
                await Task.Run(() => FileSystem.Sync(_arguments.Data), context.RequestAborted);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        }
        catch (EngineException e)
        {
            await answer.FailAsync(e, CancellationToken.None);
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(e.ToString());
            await answer.FailAsync(EngineException.Own(UnknownException, "UNKNOWN_EXCEPTION", e.Message), CancellationToken.None);
        }
    }

    private async Task QueryAsync(HttpContext context, RunningQuery query, ResultWriter answer)
    {
        var request = await RequestReader.ReadAsync(context.Request, query.Cancelled);
        using var rows = request.Rows;
        var statement = Statement.Parse(request.Text);
        if (request.ReadOnly && !statement.IsReading)
        {
            throw EngineException.Own(
                Readonly, "READONLY", "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries.");
        }

        var sql = rows is null ? statement.WithoutSync() : statement.WithRowsFrom($"/proc/self/fd/{rows.DangerousGetHandle()}");
        var format = statement.OutputFormat ?? request.DefaultFormat;
        context.Response.Headers["X-ClickHouse-Query-Id"] = query.Id;
        context.Response.Headers["X-ClickHouse-Format"] = format;
        context.Response.Headers["X-ClickHouse-Timezone"] = "UTC";
        context.Response.ContentType = ContentTypeOf(format);
        // The engine knows queries by log_comment and not by id, so KILL QUERY is handled here.
        await (statement.KilledQueries() is { } killed
            ? _queries.KillAsync(TextOf(killed.Token, request.Parameters), killed.IsPrefix, TextOf(killed.Containing, request.Parameters), format, answer, context.RequestAborted)
            : _queries.RunAsync(query, request, statement, sql, answer));
    }

    private static string TextOf(string token, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        if (token.StartsWith('{') && token.IndexOf(':', StringComparison.Ordinal) is var colon and > 0)
        {
            var name = token[1..colon].Trim();
            return parameters.FirstOrDefault(p => p.Key == name).Value ?? "";
        }

        return token.Trim('\'');
    }

    private static string ContentTypeOf(string format) =>
        format.StartsWith("JSON", StringComparison.Ordinal) ? "application/json; charset=UTF-8"
        : format.StartsWith("RowBinary", StringComparison.Ordinal) || format is "Native" ? "application/octet-stream"
        : format.StartsWith("TabSeparated", StringComparison.Ordinal) || format.StartsWith("TSV", StringComparison.Ordinal) ? "text/tab-separated-values; charset=UTF-8"
        : "text/plain; charset=UTF-8";
}

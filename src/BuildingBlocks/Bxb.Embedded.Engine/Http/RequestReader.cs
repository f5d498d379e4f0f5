using System.Buffers;
using System.Text;
using Bxb.Embedded.Engine.Running;
using Bxb.Embedded.Engine.Sql;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace Bxb.Embedded.Engine.Http;

/// <summary>
/// Reads a query as ClickHouse's HTTP interface takes it. The statement is in the URL, in the body, or in a multipart form. Parameters are named <c>param_name</c>; every other name is a setting.
/// The rows of an INSERT follow its statement.
/// </summary>
internal static class RequestReader
{
    private const int BadArguments = 36;
    private const int TooLarge = 307;
    private const int MaxParameters = 1000;
    private const int MaxStatementBytes = 16 << 20;
    private const long MaxRowsBytes = 512L << 20;

    private static readonly HashSet<string> OwnNames = new(StringComparer.Ordinal)
    {
        "query", "database", "user", "password", "query_id", "default_format", "wait_end_of_query", "buffer_size", "quota_key", "role",
        "client_protocol_version", "send_progress_in_http_headers", "enable_http_compression", "log_comment",
    };

    private static readonly string[] Unsupported = ["session_id", "session_timeout", "session_check", "close_session", "compress", "decompress", "stacktrace"];

    /// <summary>The id that the URL gives the query, or a new one.</summary>
    public static string QueryIdOf(HttpRequest request) => NullIfEmpty(request.Query["query_id"].ToString()) ?? Guid.NewGuid().ToString();

    /// <summary>Reads the request, its body included. The caller disposes the rows.</summary>
    /// <exception cref="EngineException">The request needs a feature that the embedded engine lacks, or is too large.</exception>
    public static async Task<QueryRequest> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        var fields = request.Query.Select(field => new KeyValuePair<string, string>(field.Key, field.Value.ToString())).ToList();
        var isForm = request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;
        if (isForm)
        {
            fields.AddRange(await FormAsync(request, ct));
        }

        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } and not "identity" || fields.Exists(f => Unsupported.Contains(f.Key) && f.Value is not ("" or "0")))
        {
            throw EngineException.Own(BadArguments, "BAD_ARGUMENTS", "The embedded engine has no sessions and takes no compressed bodies.");
        }

        var text = Field("query") ?? "";
        SafeFileHandle? rows = null;
        if (!isForm)
        {
            (text, rows) = await BodyAsync(request, text, ct);
        }

        return new QueryRequest
        {
            Database = Field("database") ?? NullIfEmpty(request.Headers["X-ClickHouse-Database"].ToString()) ?? "default",
            Text = text,
            DefaultFormat = Field("default_format") ?? NullIfEmpty(request.Headers["X-ClickHouse-Format"].ToString()) ?? "TabSeparated",
            ReadOnly = HttpMethods.IsGet(request.Method),
            WaitForEnd = Field("wait_end_of_query") == "1",
            Parameters = [.. fields.Where(f => f.Key.StartsWith("param_", StringComparison.Ordinal)).Take(MaxParameters).Select(f => new KeyValuePair<string, string>(f.Key[6..], f.Value))],
            Settings = [.. fields.Where(f => !OwnNames.Contains(f.Key) && !Unsupported.Contains(f.Key) && !f.Key.StartsWith("param_", StringComparison.Ordinal))],
            Rows = rows,
        };

        string? Field(string name) => NullIfEmpty(fields.Find(f => f.Key == name).Value);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static async Task<List<KeyValuePair<string, string>>> FormAsync(HttpRequest request, CancellationToken ct)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).ToString();
        var reader = new MultipartReader(boundary, request.Body) { BodyLengthLimit = MaxStatementBytes };
        var fields = new List<KeyValuePair<string, string>>();
        while (await reader.ReadNextSectionAsync(ct) is { } section)
        {
            var name = HeaderUtilities.RemoveQuotes(ContentDispositionHeaderValue.Parse(section.ContentDisposition).Name).ToString();
            using var text = new StreamReader(section.Body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), detectEncodingFromByteOrderMarks: false);
            fields.Add(new(name, await text.ReadToEndAsync(ct)));
        }

        return fields;
    }

    /// <summary>The statement and the rows after it. When the URL holds the statement, the whole body is rows and goes straight into the file.</summary>
    private static async Task<(string Text, SafeFileHandle? Rows)> BodyAsync(HttpRequest request, string text, CancellationToken ct)
    {
        if (text.Length > 0 && Statement.Parse(text).TakesRows)
        {
            var file = MemoryFile();
            try
            {
                await ReadBodyAsync(request, MaxRowsBytes, (piece, offset) => RandomAccess.WriteAsync(file, piece, offset, ct), ct);
                return (text, file);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }

        var bytes = new ArrayBufferWriter<byte>();
        await ReadBodyAsync(
            request, MaxStatementBytes,
            (piece, _) =>
            {
                bytes.Write(piece.Span);
                return ValueTask.CompletedTask;
            },
            ct);
        var body = bytes.WrittenMemory;
        if (body.Length == 0)
        {
            return (text, null);
        }

        // One character per byte, so a position in this text is a position in the body, whatever bytes the rows hold.
        var bytesAsText = Encoding.Latin1.GetString(body.Span);
        var statement = text.Length == 0 ? Statement.Parse(bytesAsText) : null;
        if (statement is null || !statement.TakesRows)
        {
            return (text.Length == 0 ? Encoding.UTF8.GetString(body.Span) : text + "\n" + Encoding.UTF8.GetString(body.Span), null);
        }

        var rows = MemoryFile();
        await RandomAccess.WriteAsync(rows, body[statement.DataStart..], 0, ct);
        return (Encoding.UTF8.GetString(body.Span[..statement.DataStart]), rows);
    }

    private static SafeFileHandle MemoryFile() => new(FileSystem.CreateMemoryFile("bxb-rows"), ownsHandle: true);

    /// <summary>Reads the body to its end, piece by piece.</summary>
    private static async Task ReadBodyAsync(HttpRequest request, long maxBytes, Func<ReadOnlyMemory<byte>, long, ValueTask> take, CancellationToken ct)
    {
        for (long offset = 0; ;)
        {
            var read = await request.BodyReader.ReadAsync(ct);
            foreach (var piece in read.Buffer)
            {
                await take(piece, offset);
                offset += piece.Length;
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (offset > maxBytes)
            {
                throw EngineException.Own(TooLarge, "QUERY_IS_TOO_LARGE", $"The request body is larger than {maxBytes} bytes.");
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}

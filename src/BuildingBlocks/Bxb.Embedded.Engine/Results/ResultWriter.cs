using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bxb.Embedded.Engine.Native;
using Microsoft.AspNetCore.Http;

namespace Bxb.Embedded.Engine.Results;

/// <summary>
/// Sends rows as they arrive. The first mebibyte is held back, so a query that fails early is answered with an error status. A later error follows the rows, framed as in ClickHouse 25.11 and
/// later. Not thread-safe.
/// </summary>
internal sealed class ResultWriter(HttpContext context)
{
    private const int HeldBackBytes = 1 << 20;
    private const int FlushBytes = 1 << 16;

    private readonly ArrayBufferWriter<byte> _heldBack = new(1024);
    private readonly string _tag = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz", 16);
    private bool _begun;

    /// <summary>Rows that an INSERT wrote.</summary>
    public ulong RowsWritten { get; private set; }

    /// <summary>Adds a piece of the answer, without its first <paramref name="from"/> bytes. Copied before this returns.</summary>
    public async Task WriteAsync(EngineResult piece, int from, CancellationToken ct)
    {
        RowsWritten += piece.RowsWritten;
        var length = piece.Bytes.Length;
        if (!_begun && _heldBack.WrittenCount + length - from <= HeldBackBytes)
        {
            _heldBack.Write(piece.Bytes[from..]);
            return;
        }

        await BeginAsync(ct);
        for (var sent = from; sent < length; sent += FlushBytes)
        {
            context.Response.BodyWriter.Write(piece.Bytes.Slice(sent, Math.Min(FlushBytes, length - sent)));
            await context.Response.BodyWriter.FlushAsync(ct);
        }
    }

    /// <summary>Sends the bytes held back and completes the answer.</summary>
    public async Task CompleteAsync(CancellationToken ct)
    {
        if (!_begun)
        {
            context.Response.Headers["X-ClickHouse-Summary"] = $"{{\"written_rows\":\"{RowsWritten}\"}}";
            context.Response.ContentLength = _heldBack.WrittenCount;
        }

        await BeginAsync(ct);
    }

    /// <summary>Answers with an error: as the whole answer, or after the rows already sent.</summary>
    public async Task FailAsync(EngineException error, CancellationToken ct)
    {
        var text = error.Message + "\n";
        if (_begun)
        {
            var length = Encoding.UTF8.GetByteCount(text);
            await context.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes($"\r\n__exception__\r\n{_tag}\r\n{text}{length} {_tag}\r\n__exception__\r\n"), ct);
            return;
        }

        context.Response.StatusCode = ErrorStatus.Of(error.Code);
        context.Response.Headers["X-ClickHouse-Exception-Code"] = error.Code.ToString(CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/plain; charset=UTF-8";
        await context.Response.WriteAsync(text, ct);
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        if (_begun)
        {
            return;
        }

        _begun = true;
        context.Response.Headers["X-ClickHouse-Exception-Tag"] = _tag;
        await context.Response.BodyWriter.WriteAsync(_heldBack.WrittenMemory, ct);
        _heldBack.ResetWrittenCount();
    }
}

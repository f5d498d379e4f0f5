using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Bxb.Modularity.Errors;

/// <summary>The output of one connection. After <see cref="Reject"/> it drops the bytes of Kestrel and sends a problem document instead.</summary>
/// <remarks>As thread-safe as the output it wraps. Kestrel closes the connection after the answer to a bad request.</remarks>
internal sealed class RejectionWriter(PipeWriter inner, TimeProvider time) : PipeWriter
{
    private byte[]? _answer;
    private bool _isSent;
    private byte[] _dropped = [];

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <summary>Replaces the answer that Kestrel is about to write.</summary>
    public void Reject(ErrorCode code)
    {
        var body = new ArrayBufferWriter<byte>();
        ProblemDocument.Write(body, code, code.Title);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {code.Status} {ReasonPhrases.GetReasonPhrase(code.Status)}\r\nContent-Length: {body.WrittenCount}\r\n"
            + $"Content-Type: application/problem+json\r\nConnection: close\r\nDate: {time.GetUtcNow():R}\r\n\r\n");
        _answer = [.. Encoding.ASCII.GetBytes(head), .. body.WrittenSpan];
    }

    public override void Advance(int bytes)
    {
        if (_answer is null)
        {
            inner.Advance(bytes);
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _answer is null ? inner.GetMemory(sizeHint) : Dropped(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _answer is null ? inner.GetSpan(sizeHint) : Dropped(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        SendAnswer();
        return inner.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        => _answer is null ? inner.WriteAsync(source, cancellationToken) : FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private void SendAnswer()
    {
        if (_answer is { } answer && !_isSent)
        {
            _isSent = true;
            inner.Write(answer);
        }
    }

    private byte[] Dropped(int sizeHint)
    {
        if (_dropped.Length < Math.Max(sizeHint, 1))
        {
            _dropped = new byte[Math.Max(sizeHint, 4096)];
        }

        return _dropped;
    }
}

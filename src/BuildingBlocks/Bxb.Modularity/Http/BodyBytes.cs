using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Http;

/// <summary>Reads a small body to its end, gzip or plain. No more than the limit is ever held: a bomb is refused as soon as it has unfolded that far.</summary>
internal static class BodyBytes
{
    public static async Task<byte[]> ReadAsync(HttpContext context, int maxBytes)
    {
        if (context.Request.ContentLength > maxBytes)
        {
            throw TooLarge(maxBytes);
        }

        var encoding = context.Request.Headers.ContentEncoding.ToString();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return await ReadAsync(context.Request.BodyReader, maxBytes, context.RequestAborted);
        }

        if (!encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(ErrorCode.UnsupportedMediaType, "The body may be plain or gzip; no other content encoding is known.");
        }

        await using var gzip = new GZipStream(context.Request.Body, CompressionMode.Decompress, leaveOpen: true);
        var reader = PipeReader.Create(gzip, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            return await ReadAsync(reader, maxBytes, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            throw new ApiException(ErrorCode.InvalidEncoding, "The body says that it is gzip and is not, or ends too early.");
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static async Task<byte[]> ReadAsync(PipeReader reader, int maxBytes, CancellationToken ct)
    {
        while (true)
        {
            var read = await reader.ReadAsync(ct);
            if (read.Buffer.Length > maxBytes)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                throw TooLarge(maxBytes);
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static ApiException TooLarge(int maxBytes) => new(ErrorCode.PayloadTooLarge, $"The body may have at most {maxBytes} bytes, decompressed.");
}

using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bxb.Modularity.Http;

/// <summary>
/// Reads the JSON body of a request, for every call: checks media type and content encoding and decompresses the body into one pooled buffer, within a limit. Replaces a UTF-8 byte order
/// mark at the beginning by blanks; does not check the other bytes.
/// </summary>
/// <remarks>The server answers 408 to a caller that sends too slowly. A cancelled read releases its buffers.</remarks>
public static class BodyReader
{
    /// <summary>Reads the body.</summary>
    /// <param name="context">The request; a refusal may set headers of its answer.</param>
    /// <param name="limit">Maximum size, compressed and decompressed, in bytes.</param>
    /// <param name="lease">Counts the bytes while they are held; null if only <paramref name="limit"/> applies.</param>
    /// <returns>The bytes, which the caller disposes, or the refusal: 413, 415, 429, 400 <c>invalid_encoding</c>, or <see cref="Refusal.CallerGone"/>.</returns>
    /// <exception cref="BadHttpRequestException">The server refused the body while it arrived.</exception>
    public static async ValueTask<(PooledBytes? Body, Refusal? Refusal)> ReadAsync(HttpContext context, int limit, AdmissionLease? lease)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (BodyHeaders.Check(context, out var gzip) is { } unsupported)
        {
            return (null, unsupported);
        }

        if (context.Request.ContentLength > limit)
        {
            return (null, Refusal.TooLarge(limit));
        }

        // Disables the server's own limit, which would apply first if it is lower and close the connection if it is higher.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        var wire = new PooledBytes(lease, limit);
        Refusal? refusal;
        try
        {
            refusal = await FillAsync(context, wire, limit);
        }
        catch
        {
            wire.Dispose();
            throw;
        }

        if (refusal is null && !gzip)
        {
            BlankByteOrderMark(wire);
            return (wire, null);
        }

        using (wire)
        {
            PooledBytes? plain = null;
            refusal ??= GzipBody.Inflate(wire, limit, lease, out plain);
            if (plain is not null)
            {
                BlankByteOrderMark(plain);
            }

            return (plain, refusal);
        }
    }

    private static async ValueTask<Refusal?> FillAsync(HttpContext context, PooledBytes into, int limit)
    {
        var expected = context.Request.ContentLength ?? 0;
        var pipe = context.Request.BodyReader;
        try
        {
            while (true)
            {
                var read = await pipe.ReadAsync(context.RequestAborted);
                Refusal? refusal = null;
                foreach (var piece in read.Buffer)
                {
                    refusal ??= Append(piece.Span, into, expected, limit);
                }

                pipe.AdvanceTo(read.Buffer.End);
                if (refusal is not null || read.IsCompleted)
                {
                    return refusal;
                }
            }
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            return Refusal.CallerGone;
        }
    }

    private static Refusal? Append(ReadOnlySpan<byte> piece, PooledBytes into, long expected, int limit)
    {
        while (!piece.IsEmpty)
        {
            if (into.Room.IsEmpty)
            {
                if (into.IsFull)
                {
                    return Refusal.TooLarge(limit);
                }

                if (!into.TryGrow(expected))
                {
                    return Refusal.AtLimit;
                }
            }

            var part = piece[..Math.Min(piece.Length, into.Room.Length)];
            part.CopyTo(into.Room);
            into.Advance(part.Length);
            piece = piece[part.Length..];
        }

        return null;
    }

    /// <summary>Blanks are white space in JSON and keep the offsets in errors.</summary>
    private static void BlankByteOrderMark(PooledBytes body)
    {
        if (body.Span.StartsWith("\uFEFF"u8))
        {
            body.Buffer.AsSpan(0, 3).Fill((byte)' ');
        }
    }
}

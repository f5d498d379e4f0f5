using System.Buffers;
using System.IO.Compression;
using Bxb.Ingestion.Intake;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bxb.Ingestion.Readers;

/// <summary>Reads a request's body whole into one pooled buffer, decompressed, within a limit and within what the host may hold.</summary>
/// <remarks>A caller that is too slow is Kestrel's to end (408). A cancelled read leaves nothing behind but the lease's bytes, which end with the lease.</remarks>
internal static class BodyReader
{
    /// <summary>Reads the body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limit">The most bytes, on the wire as well as decompressed.</param>
    /// <param name="lease">What the bytes are counted with.</param>
    /// <returns>The bytes, which the caller disposes of, or the refusal.</returns>
    public static async ValueTask<(PooledBytes? Body, Refusal? Refusal)> ReadAsync(HttpContext context, int limit, AdmissionLease lease)
    {
        if (BodyEncoding.Check(context, out var gzip) is { } unsupported)
        {
            return (null, unsupported);
        }

        if (context.Request.ContentLength > limit)
        {
            return (null, Refusal.TooLarge(limit));
        }

        // The server's own limit would come first where it is lower, and end the connection where it is higher.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        var wire = new PooledBytes(lease, limit);
        Refusal? refusal;
        try
        {
            refusal = await FillAsync(context, wire, limit);
            if (refusal is null && !gzip)
            {
                return (wire, null);
            }
        }
        catch
        {
            wire.Dispose();
            throw;
        }

        using (wire)
        {
            return refusal is null ? await InflateAsync(wire, limit, lease, context.RequestAborted) : (null, refusal);
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

            var room = into.Room.Span;
            var part = piece[..Math.Min(piece.Length, room.Length)];
            part.CopyTo(room);
            into.Advance(part.Length);
            piece = piece[part.Length..];
        }

        return null;
    }

    /// <summary>Decompresses; what a bomb would become is never held, for it ends at the limit.</summary>
    private static async ValueTask<(PooledBytes?, Refusal?)> InflateAsync(PooledBytes wire, int limit, AdmissionLease lease, CancellationToken cancellation)
    {
        var plain = new PooledBytes(lease, limit);
        var refusal = new Refusal(ErrorCode.InvalidEncoding, "The body is not valid gzip, or breaks off.");
        try
        {
            var source = new MemoryStream(wire.Buffer, 0, wire.Length, writable: false);
            await using var gzip = new GZipStream(source, CompressionMode.Decompress);
            while (true)
            {
                if (plain.Room.IsEmpty && !plain.IsFull && !plain.TryGrow(0))
                {
                    refusal = Refusal.AtLimit;
                    break;
                }

                var full = plain.IsFull;
                var read = await gzip.ReadAsync(full ? new byte[1] : plain.Room, cancellation);
                if (read > 0 && full)
                {
                    refusal = Refusal.TooLarge(limit, "The decompressed body");
                    break;
                }

                plain.Advance(read);
                if (read == 0)
                {
                    if (!EndsAsWritten(wire.Span, plain.Length))
                    {
                        break;
                    }

                    return (plain, null);
                }
            }
        }
        catch (InvalidDataException)
        {
            // Answered below.
        }
        catch
        {
            plain.Dispose();
            throw;
        }

        plain.Dispose();
        return (null, refusal);
    }

    /// <summary>Whether the last four bytes are the length that gzip ends with: the stream takes a cut trailer, and bytes behind it, for an end.</summary>
    private static bool EndsAsWritten(ReadOnlySpan<byte> wire, int length)
        => wire.Length >= 18 && System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(wire[^4..]) == length;
}

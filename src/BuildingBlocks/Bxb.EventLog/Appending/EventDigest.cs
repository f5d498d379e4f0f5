using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bxb.EventLog.Appending;

/// <summary>The digest over an event's canonical content. It distinguishes a duplicate from a conflict, and every store carries it.</summary>
/// <remarks>
/// The first 64 bits, big endian, of SHA-256 over: the byte 1 (this layout); the organization as int32; source, transaction id, external customer id and code, each
/// as its length in bytes (int32) and its UTF-8; the byte 1 and the timestamp in milliseconds since the Unix epoch (int64), or the byte 0 when the server gave it;
/// the kind as int16; the canonical properties, length first. Numbers are big endian. Every part has a fixed size or a length, so that different contents have different layouts.
/// </remarks>
public static class EventDigest
{
    private const byte Layout = 1;
    private const int FixedBytes = 1 + sizeof(int) + (5 * sizeof(int)) + 1 + sizeof(long) + sizeof(short);

    /// <summary>Computes the digest of an event whose texts, timestamp and kind are set. Allocates nothing.</summary>
    public static long Compute(AppendBlock block, in PendingEvent e)
    {
        ArgumentNullException.ThrowIfNull(block);
        var size = FixedBytes + e.Source.Length + e.TransactionId.Length + e.ExternalCustomerId.Length + e.Code.Length + e.Properties.Length;
        byte[]? rented = null;
        var buffer = size <= 1024 ? stackalloc byte[1024] : rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var content = buffer[..Write(block, in e, buffer)];
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(content, hash);
            return BinaryPrimitives.ReadInt64BigEndian(hash);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static int Write(AppendBlock block, in PendingEvent e, Span<byte> to)
    {
        to[0] = Layout;
        BinaryPrimitives.WriteInt32BigEndian(to[1..], block.OrganizationId);
        var at = 1 + sizeof(int);
        at += Frame(block.Text(e.Source), to[at..]);
        at += Frame(block.Text(e.TransactionId), to[at..]);
        at += Frame(block.Text(e.ExternalCustomerId), to[at..]);
        at += Frame(block.Text(e.Code), to[at..]);
        to[at++] = e.TimestampGiven ? (byte)1 : (byte)0;
        if (e.TimestampGiven)
        {
            BinaryPrimitives.WriteInt64BigEndian(to[at..], e.TimestampMilliseconds);
            at += sizeof(long);
        }

        BinaryPrimitives.WriteInt16BigEndian(to[at..], (short)e.Kind);
        at += sizeof(short);
        return at + Frame(block.Text(e.Properties), to[at..]);
    }

    private static int Frame(ReadOnlySpan<byte> text, Span<byte> to)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, text.Length);
        text.CopyTo(to[sizeof(int)..]);
        return sizeof(int) + text.Length;
    }
}

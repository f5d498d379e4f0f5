using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Bxb.Modularity.Errors;

namespace Bxb.Modularity.Http;

/// <summary>Decompresses gzip of one or several members (RFC 1952, 2.2), and verifies that it is complete.</summary>
/// <remarks>
/// <see cref="GZipStream"/> ends without an error at an incomplete member and at other bytes between members. Therefore a member with a secret of this process is appended. The output ends
/// with the secret if, and only if, all bytes before it are complete members.
/// </remarks>
internal static class GzipBody
{
    private const int ShortestMember = 18;
    // Digits, because Huffman coding changes them: a broken stored block could otherwise copy the secret unchanged.
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(32));
    private static readonly byte[] LastMember = Deflate(Secret);
    private static readonly Refusal Invalid = new(ErrorCode.InvalidEncoding, "The body is not valid gzip, or breaks off.");

    /// <summary>Decompresses a body. Never holds more than the limit and the secret, however large the result would be.</summary>
    /// <param name="wire">The compressed bytes.</param>
    /// <param name="limit">Maximum size after decompression, in bytes.</param>
    /// <param name="lease">Counts the decompressed bytes.</param>
    /// <param name="plain">The decompressed bytes, which the caller disposes; null with a refusal.</param>
    /// <returns>413, 429 or 400, or null.</returns>
    public static Refusal? Inflate(PooledBytes wire, int limit, AdmissionLease? lease, out PooledBytes? plain)
    {
        plain = null;
        if (wire.Length < ShortestMember)
        {
            return Invalid;
        }

        var bytes = new PooledBytes(lease, limit + Secret.Length);
        Refusal? refusal = null;
        try
        {
            refusal = Inflate(wire, limit, bytes);
            if (refusal is null)
            {
                bytes.Advance(-Secret.Length);
                plain = bytes;
            }

            return refusal;
        }
        catch (InvalidDataException)
        {
            return Invalid;
        }
        finally
        {
            if (plain is null)
            {
                bytes.Dispose();
            }
        }
    }

#pragma warning disable MA0045 // Both streams are memory.
    private static Refusal? Inflate(PooledBytes wire, int limit, PooledBytes into)
    {
        using var gzip = new GZipStream(new FollowedStream(wire.Buffer, wire.Length, LastMember), CompressionMode.Decompress);
        Span<byte> oneMore = stackalloc byte[1];
        while (true)
        {
            if (into.Room.IsEmpty && !into.IsFull && !into.TryGrow(0))
            {
                return Refusal.AtLimit;
            }

            var read = gzip.Read(into.IsFull ? oneMore : into.Room);
            if (read > 0 && into.IsFull)
            {
                return Refusal.TooLarge(limit, "The decompressed body");
            }

            if (read == 0)
            {
                return into.Span.EndsWith(Secret) ? null : Invalid;
            }

            into.Advance(read);
        }
    }

    private static byte[] Deflate(byte[] content)
    {
        using var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return member.ToArray();
    }

#pragma warning restore MA0045

    /// <summary>Two pieces of memory as one stream.</summary>
    private sealed class FollowedStream(byte[] first, int firstLength, byte[] second) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var rest = _at < firstLength ? first.AsSpan(_at, firstLength - _at) : second.AsSpan(_at - firstLength);
            var part = rest[..Math.Min(rest.Length, buffer.Length)];
            part.CopyTo(buffer);
            _at += part.Length;
            return part.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

using System.Buffers.Binary;
using System.Buffers.Text;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Records;

/// <summary>A record's key on Kafka, <c>organization/customer</c>, and the partition that it belongs to: by the hash of Kafka's own Java client, so that any producer agrees.</summary>
internal static class PartitionKey
{
    /// <summary>The longest number and the slash.</summary>
    private const int FixedBytes = 16;

    /// <summary>The key as a new array: the client takes no span.</summary>
    public static byte[] Create(EventRecord record)
    {
        Span<byte> organization = stackalloc byte[FixedBytes];
        Utf8Formatter.TryFormat(record.OrganizationId, organization, out var digits);
        organization[digits++] = (byte)'/';
        var key = new byte[digits + record.ExternalCustomerId.Length];
        organization[..digits].CopyTo(key);
        record.ExternalCustomerId.CopyTo(key.AsSpan(digits));
        return key;
    }

    /// <summary>The partition of a record among so many; makes no key.</summary>
    public static int Partition(EventRecord record, int partitions)
    {
        Span<byte> key = stackalloc byte[FixedBytes + 1024];
        Utf8Formatter.TryFormat(record.OrganizationId, key, out var digits);
        key[digits++] = (byte)'/';
        record.ExternalCustomerId.CopyTo(key[digits..]);
        return Partition(key[..(digits + record.ExternalCustomerId.Length)], partitions);
    }

    /// <summary>The partition of a key among so many.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (Murmur2(key) & int.MaxValue) % partitions;

    /// <summary>The 32-bit murmur2 with the seed and the byte order of Kafka's Java client.</summary>
    internal static int Murmur2(ReadOnlySpan<byte> data)
    {
        const uint Multiplier = 0x5bd1e995;
        const uint Seed = 0x9747b28c;
        unchecked
        {
            var hash = Seed ^ (uint)data.Length;
            while (data.Length >= sizeof(uint))
            {
                var word = BinaryPrimitives.ReadUInt32LittleEndian(data) * Multiplier;
                hash = (hash * Multiplier) ^ ((word ^ (word >> 24)) * Multiplier);
                data = data[sizeof(uint)..];
            }

            if (data.Length > 0)
            {
                for (var i = data.Length - 1; i >= 0; i--)
                {
                    hash ^= (uint)data[i] << (8 * i);
                }

                hash *= Multiplier;
            }

            hash = (hash ^ (hash >> 13)) * Multiplier;
            return (int)(hash ^ (hash >> 15));
        }
    }
}

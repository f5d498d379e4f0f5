using System.Buffers;
using System.Buffers.Text;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Writes records of the log as the JSON objects that stand on Kafka. Owns one buffer that grows to the largest record; not thread-safe.</summary>
internal sealed class UsageEventWriter
{
    private const int FixedBytes = 512;

    // What JSON does not take within a string.
    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    private byte[] _buffer = new byte[4 * 1024];
    private int _written;

    /// <summary>The record as UTF-8 JSON, valid until the next call.</summary>
    /// <exception cref="NotSupportedException">The record is of a kind that has no word here: a newer version of this software wrote it.</exception>
    public ReadOnlySpan<byte> Write(EventRecord record)
    {
        var kind = UsageEventFormat.Word(record.Kind);
        if (kind.IsEmpty)
        {
            throw new NotSupportedException($"The record at position {record.Position} is of kind {(int)record.Kind}, which this version does not know.");
        }

        Reserve(record);
        _written = 0;
        Put(UsageEventFormat.Position);
        Put(record.Position);
        Put(UsageEventFormat.OrganizationId);
        Put(record.OrganizationId);
        Put(UsageEventFormat.Kind);
        Put(kind);
        Put(UsageEventFormat.Source);
        PutText(record.Source);
        Put(UsageEventFormat.TransactionId);
        PutText(record.TransactionId);
        Put(UsageEventFormat.ExternalCustomerId);
        PutText(record.ExternalCustomerId);
        Put(UsageEventFormat.Code);
        PutText(record.Code);
        Put(UsageEventFormat.Timestamp);
        PutTime(record.TimestampMilliseconds);
        Put(UsageEventFormat.IngestedAt);
        PutTime(record.IngestedAtMilliseconds);
        Put(UsageEventFormat.Digest);
        Put(record.Digest);
        if (record.TraceParent.Length > 0)
        {
            Put(UsageEventFormat.TraceParent);
            PutText(record.TraceParent);
        }

        Put(UsageEventFormat.Properties);
        Put(record.Properties);
        Put("}"u8);
        return _buffer.AsSpan(0, _written);
    }

    // A byte of text becomes six at most (\u001f).
    private void Reserve(EventRecord record)
    {
        var texts = record.Source.Length + record.TransactionId.Length + record.ExternalCustomerId.Length + record.Code.Length + record.TraceParent.Length;
        var needed = FixedBytes + (texts * 6) + record.Properties.Length;
        if (_buffer.Length < needed)
        {
            _buffer = new byte[Math.Max(needed, _buffer.Length * 2)];
        }
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_written));
        _written += bytes.Length;
    }

    private void Put(long number)
    {
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_written), out var bytes);
        _written += bytes;
    }

    private void PutTime(long unixMilliseconds)
    {
        UsageEventTime.Write(unixMilliseconds, _buffer.AsSpan(_written));
        _written += UsageEventTime.Length;
    }

    private void PutText(ReadOnlySpan<byte> text)
    {
        while (text.IndexOfAny(Escaped) is var at and >= 0)
        {
            Put(text[..at]);
            PutEscape(text[at]);
            text = text[(at + 1)..];
        }

        Put(text);
    }

    private void PutEscape(byte character)
    {
        switch (character)
        {
            case (byte)'"':
                Put("\\\""u8);
                break;
            case (byte)'\\':
                Put("\\\\"u8);
                break;
            case (byte)'\n':
                Put("\\n"u8);
                break;
            case (byte)'\t':
                Put("\\t"u8);
                break;
            default:
                Put("\\u00"u8);
                _buffer[_written++] = (byte)('0' + (character >> 4));
                _buffer[_written++] = "0123456789abcdef"u8[character & 15];
                break;
        }
    }
}

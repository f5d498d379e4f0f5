using System.Buffers.Text;
using Bxb.EventLog.Records;
using Bxb.Primitives.Buffers;
using Bxb.Primitives.Json;
using Bxb.Primitives.Time;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Writes records of the log as the JSON objects that stand on Kafka. Owns one buffer that grows to the largest record; not thread-safe.</summary>
internal sealed class UsageEventWriter
{
    private const int MaxDigits = 20;

    private readonly ArrayPoolBufferWriter<byte> _json = new(4 * 1024);

    /// <summary>The record as UTF-8 JSON, valid until the next call.</summary>
    /// <exception cref="NotSupportedException">The record is of a kind that has no word here: a newer version of this software wrote it.</exception>
    public ReadOnlySpan<byte> Write(EventRecord record)
    {
        var kind = UsageEventFormat.Word(record.Kind);
        if (kind.IsEmpty)
        {
            throw new NotSupportedException($"The record at position {record.Position} is of kind {(int)record.Kind}, which this version does not know.");
        }

        _json.Clear();
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
        return _json.WrittenSpan;
    }

    private void Put(ReadOnlySpan<byte> bytes) => _json.Write(bytes);

    private void Put(long number)
    {
        Utf8Formatter.TryFormat(number, _json.GetSpan(MaxDigits), out var bytes);
        _json.Advance(bytes);
    }

    private void PutTime(long unixMilliseconds) => UtcTime.Write(unixMilliseconds, _json.Take(UtcTime.Length));

    private void PutText(ReadOnlySpan<byte> text) => JsonText.Escape(text, _json);
}

using System.Buffers;
using System.Text.Json;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Failures;

/// <summary>Writes a whole record as the JSON object that a dead letter stores.</summary>
internal static class RecordDocument
{
    public static byte[] Write(EventRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + record.Properties.Length);
#pragma warning disable MA0045 // The buffer is in memory, so nothing blocks.
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteNumber("position"u8, record.Position);
        json.WriteNumber("organization_id"u8, record.OrganizationId);
        json.WriteNumber("kind"u8, (short)record.Kind);
        json.WriteString("source"u8, record.Source);
        json.WriteString("transaction_id"u8, record.TransactionId);
        json.WriteString("external_customer_id"u8, record.ExternalCustomerId);
        json.WriteString("code"u8, record.Code);
        json.WriteString("timestamp"u8, DateTimeOffset.FromUnixTimeMilliseconds(record.TimestampMilliseconds));
        json.WriteString("ingested_at"u8, DateTimeOffset.FromUnixTimeMilliseconds(record.IngestedAtMilliseconds));
        json.WriteNumber("digest"u8, record.Digest);
        if (record.TraceParent.Length > 0)
        {
            json.WriteString("trace_parent"u8, record.TraceParent);
        }

        json.WritePropertyName("properties"u8);
        json.WriteRawValue(record.Properties, skipInputValidation: true);
        json.WriteEndObject();
        json.Flush();
#pragma warning restore MA0045

        return buffer.WrittenSpan.ToArray();
    }
}

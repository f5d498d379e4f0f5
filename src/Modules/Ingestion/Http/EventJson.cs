using System.Text.Json;
using Bxb.EventLog.Records;
using Bxb.Modularity.Json;

namespace Bxb.Ingestion.Http;

/// <summary>Writes an event as JSON for an answer.</summary>
internal static class EventJson
{
    /// <summary>Writes an event of the log.</summary>
    public static void Write(Utf8JsonWriter writer, UsageEvent seen)
    {
        WriteContent(writer, seen);
        writer.WriteNumber("position"u8, seen.Position);
        writer.WriteString("ingested_at"u8, ApiTime.Format(seen.IngestedAt));
        WriteEnd(writer, seen);
    }

    /// <summary>Writes an event that is not in the log, without position and ingestion time.</summary>
    public static void WriteSent(Utf8JsonWriter writer, UsageEvent sent)
    {
        WriteContent(writer, sent);
        WriteEnd(writer, sent);
    }

    private static void WriteContent(Utf8JsonWriter writer, UsageEvent seen)
    {
        writer.WriteStartObject();
        writer.WriteString("transaction_id"u8, seen.TransactionId);
        writer.WriteString("external_customer_id"u8, seen.ExternalCustomerId);
        writer.WriteString("code"u8, seen.Code);
        writer.WriteString("timestamp"u8, ApiTime.Format(seen.Timestamp));
        writer.WritePropertyName("properties"u8);
        writer.WriteRawValue(seen.Properties.Span, skipInputValidation: true);
    }

    private static void WriteEnd(Utf8JsonWriter writer, UsageEvent seen)
    {
        if (seen.Source.Length > 0)
        {
            writer.WriteString("source"u8, seen.Source);
        }

        writer.WriteEndObject();
    }
}

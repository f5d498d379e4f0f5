using System.Text.Json;
using Bxb.Analytics.Queries;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Http;

/// <summary>Writes a usage answer as JSON, row by row, without building a document.</summary>
internal static class UsageAnswerWriter
{
    private const int FlushBytes = 64 * 1024;

    public static async Task WriteAsync(HttpContext context, UsageAnswer answer)
    {
        var response = context.Response;
        response.ContentType = "application/json; charset=utf-8";
        var writer = new Utf8JsonWriter(response.BodyWriter, ApiJson.WriterOptions);
        await using (writer)
        {
            writer.WriteStartObject();
            WriteHead(writer, answer);
            writer.WriteStartArray("rows");
            var keys = answer.Query.PropertyKeys.Select(k => JsonEncodedText.Encode(k.Text, ApiJson.WriterOptions.Encoder)).ToArray();
            foreach (var row in answer.Rows)
            {
                WriteRow(writer, keys, row);
                if (writer.BytesPending >= FlushBytes)
                {
                    await writer.FlushAsync(context.RequestAborted);
                    await response.BodyWriter.FlushAsync(context.RequestAborted);
                }
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void WriteHead(Utf8JsonWriter writer, UsageAnswer answer)
    {
        var query = answer.Query;
        writer.WriteString("metric", query.Metric.Code);
        writer.WriteString("aggregation_type", JsonNamingPolicy.SnakeCaseLower.ConvertName(query.Metric.AggregationType.ToString()));
        writer.WriteString("from", ApiTime.Format(query.From));
        writer.WriteString("to", ApiTime.Format(query.To));
        writer.WriteString("window", UsageWindows.NameOf(query.Window));
        writer.WriteString("timezone", query.Zone.Id);
        writer.WriteString("store", answer.Store.ToString().ToLowerInvariant());
        writer.WriteNumber("as_of_position", answer.AsOfPosition);
        writer.WriteBoolean("exact", true);
        writer.WriteNumber("skipped_events", answer.SkippedEvents);
    }

    private static void WriteRow(Utf8JsonWriter writer, JsonEncodedText[] keys, UsageRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("from", ApiTime.Format(row.From));
        writer.WriteString("to", ApiTime.Format(row.To));
        if (row.Customer is not null)
        {
            writer.WriteString("external_customer_id", row.Customer);
        }

        writer.WriteStartObject("group");
        for (var i = 0; i < keys.Length; i++)
        {
            writer.WriteString(keys[i], row.Groups[i]);
        }

        writer.WriteEndObject();
        writer.WriteString("value", row.Value?.ToString());
        writer.WriteNumber("events", row.Events);
        writer.WriteEndObject();
    }
}

using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Reads a record in any spelling of JSON: members in any order, escapes, newer members that it does not know. Says what is wrong with one that is none.</summary>
internal static class UsageEventDocument
{
    /// <summary>Properties may be nested as deep as the log takes them, and stand one level down.</summary>
    public static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 256 };

    /// <summary>As <see cref="UsageEventReader.Read"/>.</summary>
    public static UsageEventReading Read(ReadOnlySpan<byte> value, EventRecords into, out RecordEntry entry)
    {
        entry = default;
        // No text is longer unescaped than it was, so one buffer holds them all.
        var texts = ArrayPool<byte>.Shared.Rent(Math.Max(1, value.Length));
        var members = new UsageEventMembers(texts);
        try
        {
            var json = new Utf8JsonReader(value, ReaderOptions);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return new UsageEventReading(UsageEventFault.NotJson, 0, "The record is JSON, but no object.");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                members.Read(ref json, value);
            }

            // Throws when anything stands behind the object.
            json.Read();
            // The reader looks at the texts that it is asked for, and at no others.
            var reading = Utf8.IsValid(value) ? members.Judge() : new UsageEventReading(UsageEventFault.NotJson, members.Position, "The record is no UTF-8.");
            if (reading.IsRead)
            {
                entry = UsageEventReader.Copy(in members.Parts, into);
            }

            return reading;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The reader's ways of saying that the text is no JSON, or no UTF-8.
            return new UsageEventReading(UsageEventFault.NotJson, members.Position, "The record is no JSON: " + exception.Message.ReplaceLineEndings(" "));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(texts);
        }
    }
}

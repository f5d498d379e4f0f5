using System.Text.Json;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;

namespace Bxb.LoadTest.Bare;

/// <summary>One pass of a <see cref="Utf8JsonReader"/> over a body, texts copied into a block as they stand. No limits, no canonical form, no digest.</summary>
internal static class BareReader
{
    /// <summary>Reads a single event or <c>{"events": [...]}</c> into the block.</summary>
    public static void Read(ReadOnlySpan<byte> body, bool isBatch, AppendBlock block)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        if (!isBatch)
        {
            ReadEvent(ref reader, body, block);
            return;
        }

        reader.Read();
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            ReadEvent(ref reader, body, block);
        }
    }

    private static void ReadEvent(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, AppendBlock block)
    {
        var e = new PendingEvent { Kind = EventKind.Recorded };
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("transaction_id"u8))
            {
                e.TransactionId = Text(ref reader, block);
            }
            else if (reader.ValueTextEquals("external_customer_id"u8))
            {
                e.ExternalCustomerId = Text(ref reader, block);
            }
            else if (reader.ValueTextEquals("code"u8))
            {
                e.Code = Text(ref reader, block);
            }
            else if (reader.ValueTextEquals("timestamp"u8))
            {
                reader.Read();
                e.TimestampMilliseconds = reader.GetDateTimeOffset().ToUnixTimeMilliseconds();
            }
            else
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                e.Properties = block.Append(body[start..(int)reader.BytesConsumed]);
            }
        }

        block.Add(in e);
    }

    private static TextRange Text(ref Utf8JsonReader reader, AppendBlock block)
    {
        reader.Read();
        return block.Append(reader.ValueSpan);
    }
}

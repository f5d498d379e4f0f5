using System.Runtime.CompilerServices;
using System.Text.Json;
using Bxb.EventLog.Appending;
using Bxb.Ingestion.Rules;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Primitives.Json;

namespace Bxb.Ingestion.Reading;

/// <summary>Reads whole bodies, one event or a batch of them, into a block.</summary>
/// <remarks>Thread-safe: all state of a request is in the arguments. A refused body may leave events in the block, which must not be appended.</remarks>
internal sealed class BatchReader(EventReader events, IngestionOptions options)
{
    /// <summary>Strict JSON of any depth. The depth of properties has a rule of its own.</summary>
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = int.MaxValue };

    /// <summary>The size of an event in a block without its texts.</summary>
    private static readonly int EventBytes = Unsafe.SizeOf<PendingEvent>();

    /// <summary>Estimates the size of a block: texts of the size of the body, and the events.</summary>
    public static long EstimateBytes(int bodyBytes, int events) => bodyBytes + events * (long)EventBytes;

    /// <summary>Estimates the number of events in a batch.</summary>
    public int EstimateEvents(int bodyBytes) => Math.Clamp(bodyBytes / 128, 1, options.MaxEventsPerBatch);

    /// <summary>Reads a body that is one event.</summary>
    public Refusal? ReadEvent(ReadOnlySpan<byte> body, AppendBlock block, EventFaults faults)
    {
        if (BodyText.Check(body) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var json = new Utf8JsonReader(body, Strict);
            json.Read();
            events.Read(ref json, events.Now(), block, faults);
            json.Read();
        }
        catch (JsonException failure)
        {
            return BodyText.NotJson(body, failure);
        }

        return Judge(faults, partial: false);
    }

    /// <summary>Reads a body of the form <c>{"events": [...]}</c>.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="partial">Whether the valid events are wanted without the invalid ones.</param>
    /// <param name="block">Receives the valid events.</param>
    /// <param name="lease">Counts the growth of the block beyond the estimate.</param>
    /// <param name="faults">Receives every fault.</param>
    /// <param name="rejected">The number of invalid events.</param>
    public Refusal? ReadBatch(ReadOnlySpan<byte> body, bool partial, AppendBlock block, AdmissionLease lease, EventFaults faults, out int rejected)
    {
        rejected = 0;
        if (BodyText.Check(body) is { } refusal)
        {
            return refusal;
        }

        var shape = new EventFaults();
        try
        {
            var json = new Utf8JsonReader(body, Strict);
            json.Read();
            var over = ReadRoot(ref json, body.Length, shape, block, lease, faults, ref rejected);
            if (over is not null)
            {
                return over;
            }

            json.Read();
        }
        catch (JsonException failure)
        {
            return BodyText.NotJson(body, failure);
        }

        // A fault of the body itself refuses it, also with partial.
        return Judge(shape, partial: false) ?? Judge(faults, partial);
    }

    private Refusal? ReadRoot(
        ref Utf8JsonReader json, int bodyBytes, EventFaults shape, AppendBlock block, AdmissionLease lease, EventFaults faults, ref int rejected)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            shape.Add("", $"must be an object with the member events, not {JsonKind.Of(json.TokenType)}");
            json.Skip();
            return null;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            var name = JsonKind.Name(ref json);
            if (shape.HasRoom && !seen.Add(System.Text.Encoding.UTF8.GetString(name)))
            {
                shape.AddDuplicateMember(JsonPointer.Member("", name), json.TokenStartIndex);
            }

            if (!name.SequenceEqual("events"u8))
            {
                shape.Add(JsonPointer.Member("", name), "Unknown member. A batch has events.");
                json.Skip();
                continue;
            }

            json.Read();
            if (json.TokenType != JsonTokenType.StartArray)
            {
                shape.Add("/events", $"must be an array, not {JsonKind.Of(json.TokenType)}");
                json.Skip();
            }
            else if (ReadEvents(ref json, bodyBytes, shape, block, lease, faults, ref rejected) is { } over)
            {
                return over;
            }
        }

        if (!seen.Contains("events") && shape.HasRoom)
        {
            shape.Add("/events", "is required");
        }

        return null;
    }

    private Refusal? ReadEvents(
        ref Utf8JsonReader json, int bodyBytes, EventFaults shape, AppendBlock block, AdmissionLease lease, EventFaults faults, ref int rejected)
    {
        var now = events.Now();
        var counted = EstimateBytes(bodyBytes, EstimateEvents(bodyBytes));
        var count = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (count++ >= options.MaxEventsPerBatch)
            {
                json.Skip();
                continue;
            }

            faults.EnterEvent(count - 1);
            rejected += events.Read(ref json, now, block, faults) ? 0 : 1;

            // Numbers are written without exponents, so a small body can become large content.
            var held = block.WrittenBytes + block.Count * (long)EventBytes;
            if (held <= counted)
            {
                continue;
            }

            if (block.WrittenBytes > 2L * options.MaxBatchBytes)
            {
                return Refusal.TooLarge(2L * options.MaxBatchBytes, "What the events hold, written out,");
            }

            if (!lease.TryAdd(held))
            {
                return Refusal.AtLimit;
            }

            counted += held;
        }

        if (count == 0)
        {
            shape.Add("/events", "must hold at least one event");
        }
        else if (count > options.MaxEventsPerBatch)
        {
            shape.Add("/events", $"must hold at most {options.MaxEventsPerBatch} events, and holds {count}");
        }

        return null;
    }

    private static Refusal? Judge(EventFaults faults, bool partial)
    {
        if (faults.DuplicateMember is { } twice)
        {
            return new Refusal(ErrorCode.DuplicateMember, twice, faults.Listed);
        }

        if (faults.Count == 0 || partial)
        {
            return null;
        }

        var listed = faults.Listed.Count < faults.Count ? $" The first {faults.Listed.Count} are listed." : "";
        return new Refusal(ErrorCode.ValidationFailed, $"Nothing was stored: the body has {faults.Count} {(faults.Count == 1 ? "fault" : "faults")}.{listed}", faults.Listed);
    }
}

using System.Text;
using System.Text.Json;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Bxb.Ingestion.Rules;
using Bxb.Primitives.Json;
using Bxb.Primitives.Time;

namespace Bxb.Ingestion.Reading;

/// <summary>Reads one event from JSON into a block, checks it by all rules and reports all of its faults. Allocates nothing for a valid event.</summary>
/// <remarks>Thread-safe: all state of a request is in the arguments.</remarks>
internal sealed class EventReader(IngestionOptions options, TimeProvider time)
{
    /// <summary>Maximum number of unknown names that are remembered to find duplicates.</summary>
    private const int MostUnknownNames = 1000;

    private readonly PropertyLimits _limits = new()
    {
        MaxBytes = options.MaxPropertiesBytes,
        MaxDepth = options.MaxPropertiesDepth,
        MaxNameCharacters = options.MaxPropertyNameCharacters,
        MaxNumberDigits = options.MaxNumberDigits,
    };

    /// <summary>The current time in milliseconds since the Unix epoch. A request uses one value for all its events.</summary>
    public long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Reads the event whose first token is current; its last token is current afterwards.</summary>
    /// <param name="json">Over the whole body, so that offsets are those of the body.</param>
    /// <param name="now">The value of <see cref="Now"/>.</param>
    /// <param name="block">Receives the event if it is valid; else unchanged.</param>
    /// <param name="faults">Receives every fault.</param>
    /// <returns>Whether the event is valid.</returns>
    public bool Read(ref Utf8JsonReader json, long now, AppendBlock block, EventFaults faults)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            faults.Add("", $"must be an object, not {JsonKind.Of(json.TokenType)}");
            json.Skip();
            return false;
        }

        var start = block.WrittenBytes;
        var known = faults.Count;
        var pending = new PendingEvent { Kind = EventKind.Recorded, TimestampMilliseconds = now };
        var seen = EventMember.None;
        HashSet<string>? unknown = null;
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            var member = EventMembers.At(ref json);
            if (member == EventMember.Unknown)
            {
                SkipUnknown(ref json, ref unknown, faults);
                continue;
            }

            if ((seen & member) != 0)
            {
                faults.AddDuplicateMember(EventMembers.Pointer(member), json.TokenStartIndex);
            }

            seen |= member;
            json.Read();
            ReadMember(ref json, member, now, ref pending, block, faults);
        }

        AddMissing(seen, faults);
        if (faults.Count > known)
        {
            block.Truncate(start);
            return false;
        }

        if (pending.Properties.Length == 0)
        {
            pending.Properties = block.Append("{}"u8);
        }

        pending.Digest = EventDigest.Compute(block, in pending);
        block.Add(in pending);
        return true;
    }

    private void ReadMember(ref Utf8JsonReader json, EventMember member, long now, ref PendingEvent pending, AppendBlock block, EventFaults faults)
    {
        switch (member)
        {
            case EventMember.TransactionId:
                pending.TransactionId = ReadText(ref json, member, block, faults);
                break;
            case EventMember.ExternalCustomerId:
                pending.ExternalCustomerId = ReadText(ref json, member, block, faults);
                break;
            case EventMember.Code:
                pending.Code = ReadText(ref json, member, block, faults);
                break;
            case EventMember.Timestamp:
                ReadTimestamp(ref json, now, ref pending, block, faults);
                break;
            default:
                ReadProperties(ref json, ref pending, block, faults);
                break;
        }
    }

    private static TextRange ReadText(ref Utf8JsonReader json, EventMember member, AppendBlock block, EventFaults faults)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            faults.Add(EventMembers.Pointer(member), $"must be text, not {JsonKind.Of(json.TokenType)}");
            json.Skip();
            return default;
        }

        var text = json.ValueSpan;
        if (json.ValueIsEscaped && !TryUnescape(ref text, block))
        {
            faults.Add(EventMembers.Pointer(member), JsonKind.LoneSurrogate);
            return default;
        }

        if (TextRule.Fault(text) is { } reason)
        {
            faults.Add(EventMembers.Pointer(member), reason);
            return default;
        }

        if (member != EventMember.ExternalCustomerId && TextRule.IsDotSegment(text))
        {
            faults.Add(EventMembers.Pointer(member), "must not be . or .., which no URL can contain as a segment");
            return default;
        }

        return block.Append(text);
    }

    private void ReadTimestamp(ref Utf8JsonReader json, long now, ref PendingEvent pending, AppendBlock block, EventFaults faults)
    {
        const string pointer = "/timestamp";
        var latest = now + (long)options.MaxTimestampAhead.TotalMilliseconds;
        var fault = TimestampFault.None;
        switch (json.TokenType)
        {
            case JsonTokenType.Null:
                return;
            case JsonTokenType.Number:
                fault = TimestampRule.ReadNumber(json.ValueSpan, latest, out pending.TimestampMilliseconds);
                break;
            case JsonTokenType.String:
                var text = json.ValueSpan;
                fault = json.ValueIsEscaped && !TryUnescape(ref text, block) ? TimestampFault.Malformed : TimestampRule.ReadText(text, latest, out pending.TimestampMilliseconds);
                break;
            default:
                faults.Add(pointer, $"must be text or a number, not {JsonKind.Of(json.TokenType)}");
                json.Skip();
                return;
        }

        pending.TimestampGiven = true;
        if (fault != TimestampFault.None)
        {
            faults.Add(pointer, TimestampRule.Describe(fault));
        }
    }

    private void ReadProperties(ref Utf8JsonReader json, ref PendingEvent pending, AppendBlock block, EventFaults faults)
    {
        if (json.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (json.TokenType != JsonTokenType.StartObject)
        {
            faults.Add("/properties", $"must be an object, not {JsonKind.Of(json.TokenType)}");
            json.Skip();
            return;
        }

        var offset = json.TokenStartIndex;
        var found = faults.Properties;
        pending.Properties = CanonicalProperties.Write(ref json, block, _limits, found);
        if (found.Count > 0)
        {
            faults.TakeProperties(offset);
        }
    }

    /// <summary>Unescapes into the free space behind the texts of the block, where <see cref="AppendBlock.Append"/> will copy it to its own place.</summary>
    private static bool TryUnescape(ref ReadOnlySpan<byte> text, AppendBlock block)
    {
        var room = block.GetSpan(text.Length);
        text = room[..JsonText.Unescape(text, room, out var flaws)];
        return (flaws & TextFlaws.LoneSurrogate) == 0;
    }

    private static void SkipUnknown(ref Utf8JsonReader json, ref HashSet<string>? unknown, EventFaults faults)
    {
        unknown ??= new HashSet<string>(StringComparer.Ordinal);
        if (unknown.Count >= MostUnknownNames)
        {
            faults.Add("", "has further unknown members");
            json.Skip();
            return;
        }

        var name = JsonKind.Name(ref json);
        if (unknown.Add(Encoding.UTF8.GetString(name)))
        {
            faults.Add(JsonPointer.Member("", name), "Unknown member. An event has transaction_id, external_customer_id, code, timestamp and properties.");
        }
        else
        {
            faults.AddDuplicateMember(JsonPointer.Member("", name), json.TokenStartIndex);
        }

        json.Skip();
    }

    private static void AddMissing(EventMember seen, EventFaults faults)
    {
        const EventMember required = EventMember.TransactionId | EventMember.ExternalCustomerId | EventMember.Code;
        if ((seen & required) == required)
        {
            return;
        }

        for (var member = EventMember.TransactionId; member <= EventMember.Code; member = (EventMember)((int)member << 1))
        {
            if ((seen & member) == 0)
            {
                faults.Add(EventMembers.Pointer(member), "is required");
            }
        }
    }
}

using System.Buffers.Text;
using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Records;

/// <summary>Reads records from Kafka into <see cref="EventRecords"/>, without an object or a string for each.</summary>
/// <remarks>
/// A record as <see cref="UsageEventWriter"/> writes it is read by comparing what stands between its values (<see cref="UsageEventCursor"/>); any other spelling of the
/// same, and newer minor versions, go through a JSON reader (<see cref="UsageEventDocument"/>). What cannot be read is an answer and not an exception.
/// </remarks>
internal static class UsageEventReader
{
    /// <summary>The record's position, without looking at the rest: for dropping repeats cheaply. False when it does not stand where it is written; then <see cref="Read"/> says it.</summary>
    public static bool TryReadPosition(ReadOnlySpan<byte> value, out long position)
    {
        position = 0;
        if (!value.StartsWith(UsageEventFormat.Position))
        {
            return false;
        }

        // A number that the value's end cuts off would be another one.
        var rest = value[UsageEventFormat.Position.Length..];
        return Utf8Parser.TryParse(rest, out position, out var digits) && position > 0 && rest[digits..].StartsWith(","u8);
    }

    /// <summary>Reads one record and copies its texts.</summary>
    /// <param name="value">The record's value. Not needed after the call.</param>
    /// <param name="into">Takes the texts. Untouched when the record cannot be read; else the caller adds <paramref name="entry"/> to it.</param>
    /// <param name="entry">The record's numbers, and where its texts stand.</param>
    public static UsageEventReading Read(ReadOnlySpan<byte> value, EventRecords into, out RecordEntry entry)
    {
        var cursor = new UsageEventCursor(value);
        if (cursor.TryRead(out var parts))
        {
            entry = Copy(in parts, into);
            return new UsageEventReading(UsageEventFault.None, parts.Position, null);
        }

        return UsageEventDocument.Read(value, into, out entry);
    }

    /// <summary>Copies the texts in one piece.</summary>
    internal static RecordEntry Copy(in UsageEventParts parts, EventRecords into)
    {
        var bytes = parts.Source.Length + parts.TransactionId.Length + parts.ExternalCustomerId.Length + parts.Code.Length + parts.Properties.Length + parts.TraceParent.Length;
        _ = into.GetSpan(bytes);
        return new RecordEntry
        {
            Position = parts.Position,
            TimestampMilliseconds = parts.TimestampMilliseconds,
            IngestedAtMilliseconds = parts.IngestedAtMilliseconds,
            Digest = parts.Digest,
            OrganizationId = parts.OrganizationId,
            Kind = parts.Kind,
            Source = into.Append(parts.Source),
            TransactionId = into.Append(parts.TransactionId),
            ExternalCustomerId = into.Append(parts.ExternalCustomerId),
            Code = into.Append(parts.Code),
            Properties = into.Append(parts.Properties),
            TraceParent = into.Append(parts.TraceParent),
        };
    }
}

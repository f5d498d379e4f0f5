using System.Buffers.Binary;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Reading;

/// <summary>Turns a binary tuple of the log into a record. The columns' order is that of the SELECT in <see cref="EventLogReader"/>.</summary>
internal static class EventTuple
{
    // PostgreSQL counts microseconds from 2000-01-01.
    private const long PostgresEpochMilliseconds = 946_684_800_000;
    private const byte JsonbVersion = 1;

    public static RecordEntry Read(ReadOnlySpan<byte> tuple, EventRecords into) => new()
    {
        Position = BinaryPrimitives.ReadInt64BigEndian(Field(ref tuple)),
        Offset = -1,
        OrganizationId = BinaryPrimitives.ReadInt32BigEndian(Field(ref tuple)),
        Kind = (EventKind)BinaryPrimitives.ReadInt16BigEndian(Field(ref tuple)),
        TimestampMilliseconds = Milliseconds(Field(ref tuple)),
        IngestedAtMilliseconds = Milliseconds(Field(ref tuple)),
        Digest = BinaryPrimitives.ReadInt64BigEndian(Field(ref tuple)),
        Source = into.Append(Field(ref tuple)),
        TransactionId = into.Append(Field(ref tuple)),
        ExternalCustomerId = into.Append(Field(ref tuple)),
        Code = into.Append(Field(ref tuple)),
        Properties = into.Append(Json(Field(ref tuple))),
        TraceParent = into.Append(Field(ref tuple)),
    };

    private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> tuple)
    {
        var length = Math.Max(BinaryPrimitives.ReadInt32BigEndian(tuple), 0);
        var field = tuple.Slice(sizeof(int), length);
        tuple = tuple[(sizeof(int) + length)..];
        return field;
    }

    private static ReadOnlySpan<byte> Json(ReadOnlySpan<byte> field) => field[0] == JsonbVersion
        ? field[1..]
        : throw new InvalidDataException($"jsonb of the unknown version {field[0]}.");

    // The columns hold whole milliseconds, also before 2000.
    private static long Milliseconds(ReadOnlySpan<byte> field) => (BinaryPrimitives.ReadInt64BigEndian(field) / 1000) + PostgresEpochMilliseconds;
}

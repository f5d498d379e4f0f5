using System.Buffers.Binary;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Reading;

/// <summary>Converts a binary tuple of the log to a record. The columns are in the order of the SELECT in <see cref="EventLogReader"/>.</summary>
internal static class EventTuple
{
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

    // The columns hold whole milliseconds.
    private static long Milliseconds(ReadOnlySpan<byte> field) => PostgresTime.ToUnixMilliseconds(BinaryPrimitives.ReadInt64BigEndian(field));
}

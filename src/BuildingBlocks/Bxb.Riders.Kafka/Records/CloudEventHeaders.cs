using System.Buffers.Text;
using System.Text;
using Bxb.EventLog.Records;
using Bxb.Primitives.Time;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Records;

/// <summary>The headers of a record, for readers that go by CloudEvents (binary mode of its Kafka binding) or want to choose without reading the value. Our own consumers read none.</summary>
/// <remarks>
/// <c>ce_source</c> is what the sender gave, or <c>/organizations/ID</c>; with <c>ce_id</c> it is unique within the organization. Values that never change are shared by all
/// records, since a client pays for each array.
/// </remarks>
internal static class CloudEventHeaders
{
    private static readonly Header SpecificationVersion = new("ce_specversion", "1.0"u8.ToArray());
    private static readonly Header ContentType = new("content-type", "application/json"u8.ToArray());
    private static readonly Header Schema = new("bxb-schema", Encoding.UTF8.GetBytes(UsageEventFormat.Schema));

    private static readonly Header OmittedSchema = new("bxb-schema", Encoding.UTF8.GetBytes(OmittedEvent.Schema));

    /// <summary>The headers of one record.</summary>
    public static Headers Create(EventRecord record)
    {
        var headers = new Headers
        {
            SpecificationVersion,
            new Header("ce_id", record.TransactionId.ToArray()),
            new Header("ce_source", record.Source.Length > 0 ? record.Source.ToArray() : Organization(record.OrganizationId)),
            new Header("ce_type", record.Code.ToArray()),
            new Header("ce_subject", record.ExternalCustomerId.ToArray()),
            new Header("ce_time", Time(record.TimestampMilliseconds)),
            ContentType,
            Schema,
            new Header("bxb-position", Number(record.Position)),
        };
        if (record.TraceParent.Length > 0)
        {
            headers.Add(new Header("traceparent", record.TraceParent.ToArray()));
        }

        return headers;
    }

    /// <summary>The headers of a note in the place of a record: no CloudEvent, so that no reader takes it for one.</summary>
    public static Headers CreateOmitted(long position) =>
    [
        ContentType,
        OmittedSchema,
        new Header("bxb-position", Number(position)),
    ];

    private static byte[] Organization(int id) => [.. "/organizations/"u8, .. Number(id)];

    private static byte[] Time(long unixMilliseconds)
    {
        var time = new byte[UtcTime.Length];
        UtcTime.Write(unixMilliseconds, time);
        return time;
    }

    private static byte[] Number(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, digits, out var length);
        return digits[..length].ToArray();
    }
}

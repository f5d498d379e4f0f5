using Bxb.EventLog.Records;

namespace Bxb.Riders.Kafka.Tests.Records;

/// <summary>An ordinary record, of about the size that real ones have.</summary>
internal static class SampleEvents
{
    public static void Add(EventRecords records, long position, string source = "", string traceParent = "", EventKind kind = EventKind.Recorded) => records.Add(new RecordEntry
    {
        Position = position,
        OrganizationId = 7,
        Kind = kind,
        TimestampMilliseconds = 1_767_225_600_123,
        IngestedAtMilliseconds = 1_767_225_601_000,
        Digest = -6_148_914_691_236_517_206,
        Source = records.Append(System.Text.Encoding.UTF8.GetBytes(source)),
        TransactionId = records.Append("8b9c7f10-9f3e-4c1f-a2f5-6f3f0d5f8e11"u8),
        ExternalCustomerId = records.Append("customer-0042"u8),
        Code = records.Append("llm_tokens"u8),
        Properties = records.Append("{\"model\": \"large\", \"input_tokens\": 4818, \"output_tokens\": 10.5}"u8),
        TraceParent = records.Append(System.Text.Encoding.UTF8.GetBytes(traceParent)),
    });
}

using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;

namespace Bxb.Riders.Kafka.Tests.Records;

public sealed class CloudEventHeadersTests
{
    [Fact]
    public void Headers_are_a_CloudEvent_of_the_Kafka_binding()
    {
        Headers(source: "", traceParent: "").ShouldBe(
            "ce_specversion=1.0 ce_id=8b9c7f10-9f3e-4c1f-a2f5-6f3f0d5f8e11 ce_source=/organizations/7 ce_type=llm_tokens ce_subject=customer-0042 ce_time=2026-01-01T00:00:00.123Z"
            + " content-type=application/json bxb-schema=usage-event.v1 bxb-position=12");
        Headers(source: "//meter/1", traceParent: "00-a-b-01").ShouldContain(" ce_source=//meter/1 ");
        Headers(source: "", traceParent: "00-a-b-01").ShouldEndWith(" traceparent=00-a-b-01");
    }

    private static string Headers(string source, string traceParent)
    {
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, 12, source, traceParent);
        return string.Join(' ', CloudEventHeaders.Create(records[0]).Select(h => $"{h.Key}={Encoding.UTF8.GetString(h.GetValueBytes())}"));
    }
}

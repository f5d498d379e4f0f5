using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;

namespace Bxb.Riders.Kafka.Tests.Records;

public sealed class UsageEventReaderTests
{
    private const string Good = """
        {"schema":"usage-event.v1","position":12,"organization_id":7,"kind":"recorded","source":"","transaction_id":"t","external_customer_id":"c","code":"x","timestamp":"2026-01-01T00:00:00.000Z","ingested_at":"2026-01-01T00:00:00.000Z","digest":"-5","properties":{}}
        """;

    [Fact]
    public void The_written_form_stands_as_it_is_promised()
    {
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, 12, source: "a\"b\\c\u0001", traceParent: "00-x");
        const string Expected = """
            {"schema":"usage-event.v1","position":12,"organization_id":7,"kind":"recorded","source":"a\"b\\c\u0001","transaction_id":"8b9c7f10-9f3e-4c1f-a2f5-6f3f0d5f8e11",
            "external_customer_id":"customer-0042","code":"llm_tokens","timestamp":"2026-01-01T00:00:00.123Z","ingested_at":"2026-01-01T00:00:01.000Z",
            "digest":"-6148914691236517206","trace_parent":"00-x","properties":{"model": "large", "input_tokens": 4818, "output_tokens": 10.5}}
            """;
        Encoding.UTF8.GetString(new UsageEventWriter().Write(records[0])).ShouldBe(Expected.ReplaceLineEndings(""));
    }

    [Fact]
    public void A_kind_that_is_not_known_is_not_written()
    {
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, 12, kind: (EventKind)9);
        Should.Throw<NotSupportedException>(() => new UsageEventWriter().Write(records[0])).Message.ShouldContain("position 12 is of kind 9");
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("null", 0)]
    [InlineData("[]", 0)]
    [InlineData("\"text\"", 0)]
    [InlineData("{", 0)]
    [InlineData("not JSON", 0)]
    [InlineData("{\"position\":12,\"schema\":\"usage-event.v1\",", 12)]
    public void What_is_no_JSON_object_is_said_to_be_none(string value, long position) => ShouldFail(value, UsageEventFault.NotJson, position);

    [Theory]
    [InlineData("{}}")]
    [InlineData("{]}")]
    [InlineData("{\"a\": tru}")]
    [InlineData("{\"a\": 01}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{\"a\": \"\u0001\"}")]
    public void Properties_that_are_no_JSON_are_found(string properties) => ShouldFail(Good.Replace("{}", properties), UsageEventFault.NotJson, 12);

    [Fact]
    public void Texts_that_are_no_UTF8_are_found()
    {
        var value = Encoding.UTF8.GetBytes(Good);
        value[Good.IndexOf("\"t\"", StringComparison.Ordinal) + 1] = 0xFF;
        ShouldFail(value, UsageEventFault.NotJson, 12);
        ShouldFail(Good.Replace("\"t\"", "\"\\ud800\""), UsageEventFault.NotJson, 12);
        value = Encoding.UTF8.GetBytes(Good.Replace("{}", "{\"a\": \"b\"}"));
        value[Array.LastIndexOf(value, (byte)'b')] = 0xC0;
        ShouldFail(value, UsageEventFault.NotJson, 12);
    }

    [Theory]
    [InlineData("usage-event.v2")]
    [InlineData("usage-event.v10")]
    [InlineData("usage-event")]
    [InlineData("")]
    public void Another_major_version_is_said_to_be_unknown_whatever_its_members_are(string schema)
    {
        ShouldFail(Good.Replace("usage-event.v1", schema), UsageEventFault.UnknownVersion, 12);
        ShouldFail(Good.Replace("usage-event.v1", schema).Replace("\"t\"", "[1]"), UsageEventFault.UnknownVersion, 12);
        ShouldFail("{\"schema\":\"" + schema + "\",\"at\":{\"position\":3}}", UsageEventFault.UnknownVersion, 0);
    }

    [Theory]
    [InlineData("usage-event.v1.1")]
    [InlineData("usage-event.v1.20")]
    public void A_newer_minor_version_is_read(string schema)
    {
        using var records = EventRecords.Rent();
        UsageEventReader.Read(Encoding.UTF8.GetBytes(Good.Replace("usage-event.v1", schema)), records, out var entry).IsRead.ShouldBeTrue();
        entry.Position.ShouldBe(12);
    }

    [Theory]
    [InlineData("\"position\":12", "\"position\":\"12\"", 0)]
    [InlineData("\"position\":12", "\"position\":0", 0)]
    [InlineData("\"position\":12,", "", 0)]
    [InlineData("\"kind\":\"recorded\"", "\"kind\":\"recordeds\"", 12)]
    [InlineData("\"kind\":\"recorded\"", "\"kind\":1", 12)]
    [InlineData("\"organization_id\":7", "\"organization_id\":7000000000", 12)]
    [InlineData("\"digest\":\"-5\"", "\"digest\":\"\"", 12)]
    [InlineData("\"digest\":\"-5\"", "\"digest\":\"5x\"", 12)]
    [InlineData("\"digest\":\"-5\"", "\"digest\":\"99999999999999999999\"", 12)]
    [InlineData("\"digest\":\"-5\"", "\"digest\":-5", 12)]
    [InlineData("\"source\":\"\"", "\"source\":null", 12)]
    [InlineData("\"source\":\"\",", "", 12)]
    [InlineData("\"code\":\"x\"", "\"code\":{\"schema\":\"usage-event.v2\"}", 12)]
    [InlineData("\"timestamp\":\"2026-01-01T00:00:00.000Z\"", "\"timestamp\":\"2026-02-30T00:00:00.000Z\"", 12)]
    [InlineData("\"properties\":{}", "\"properties\":[]", 12)]
    [InlineData("\"schema\":\"usage-event.v1\",", "", 12)]
    [InlineData("\"schema\":\"usage-event.v1\"", "\"schema\":1", 12)]
    public void A_member_that_is_missing_or_wrong_is_said_with_the_position(string member, string instead, long position)
    {
        Good.ShouldContain(member);
        ShouldFail(Good.Replace(member, instead), UsageEventFault.Malformed, position);
    }

    [Theory]
    [InlineData("2026-01-01T02:00:00+02:00", 1_767_225_600_000)]
    [InlineData("2026-01-01T00:00:00Z", 1_767_225_600_000)]
    [InlineData("2026-01-01T00:00:00.1239999Z", 1_767_225_600_123)]
    public void Other_spellings_of_a_time_are_read(string text, long milliseconds)
    {
        using var records = EventRecords.Rent();
        UsageEventReader.Read(Encoding.UTF8.GetBytes(Good.Replace("\"timestamp\":\"2026-01-01T00:00:00.000Z\"", $"\"timestamp\":\"{text}\"")), records, out var entry).IsRead.ShouldBeTrue();
        entry.TimestampMilliseconds.ShouldBe(milliseconds);
    }

    [Fact]
    public void Every_cut_of_a_record_fails_and_leaves_nothing_behind()
    {
        for (var length = 0; length < Good.Length; length++)
        {
            ShouldFail(Good[..length], UsageEventFault.NotJson, position: null);
        }
    }

    [Theory]
    [InlineData("{\"schema\":\"usage-event.v1\",\"position\":12")]
    [InlineData("{\"schema\":\"usage-event.v1\",\"position\":")]
    [InlineData("{\"schema\":\"usage-event.v1\",\"position\":-1,")]
    [InlineData("{\"schema\":\"usage-event.v2\",\"position\":12,")]
    public void A_position_is_not_guessed(string value) => UsageEventReader.TryReadPosition(Encoding.UTF8.GetBytes(value), out _).ShouldBeFalse();

    private static void ShouldFail(string value, UsageEventFault fault, long? position) => ShouldFail(Encoding.UTF8.GetBytes(value), fault, position);

    private static void ShouldFail(byte[] value, UsageEventFault fault, long? position)
    {
        using var records = EventRecords.Rent();
        var reading = UsageEventReader.Read(value, records, out _);
        reading.Fault.ShouldBe(fault, Encoding.UTF8.GetString(value));
        reading.Position.ShouldBe(position ?? reading.Position);
        reading.Reason.ShouldNotBeNullOrEmpty();
        records.SizeInBytes.ShouldBe(0);
    }
}

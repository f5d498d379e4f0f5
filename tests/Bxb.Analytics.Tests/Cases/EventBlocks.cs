using System.Globalization;
using System.Text;
using System.Text.Json;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;

namespace Bxb.Analytics.Tests.Cases;

/// <summary>Creates blocks of events as ingestion does.</summary>
internal static class EventBlocks
{
    private static readonly PropertyLimits Limits = new();
    private static int _ids;

    public static AppendBlock Of(int organizationId, IEnumerable<CaseEvent> events)
    {
        var block = AppendBlock.Rent(organizationId);
        foreach (var e in events)
        {
            var pending = new PendingEvent
            {
                TransactionId = block.Append(Encoding.UTF8.GetBytes(e.Id ?? $"id-{Interlocked.Increment(ref _ids)}")),
                ExternalCustomerId = block.Append(Encoding.UTF8.GetBytes(e.Customer)),
                Code = block.Append(Encoding.UTF8.GetBytes(e.Code)),
                TimestampMilliseconds = DateTimeOffset.Parse(e.At, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(),
                TimestampGiven = true,
                Kind = EventKind.Recorded,
                Properties = Properties(block, e.Properties),
            };
            pending.Digest = EventDigest.Compute(block, pending);
            block.Add(pending);
        }

        return block;
    }

    private static TextRange Properties(AppendBlock block, string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        var faults = new PropertyFaults();
        var range = CanonicalProperties.Write(ref reader, block, Limits, faults);
        faults.Count.ShouldBe(0, json);
        return range;
    }
}

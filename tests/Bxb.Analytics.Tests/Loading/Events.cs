using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Creates records as the reader of the log delivers them.</summary>
internal static class Events
{
    internal static readonly DateTimeOffset Start = new(2026, 1, 31, 23, 0, 0, TimeSpan.Zero);

    /// <summary>Returns events at the positions first to last, one minute apart, across the end of a month.</summary>
    internal static EventRecords Range(long first, long last, Func<long, bool>? holds = null)
    {
        var records = EventRecords.Rent();
        for (var position = first; position <= last; position++)
        {
            if (holds is null || holds(position))
            {
                Add(records, position, $$"""{"tokens": {{position}}, "model": "m{{position % 3}}"}""", Start.AddMinutes(position));
            }
        }

        return records;
    }

    internal static void Add(EventRecords records, long position, string properties, DateTimeOffset at, EventKind kind = EventKind.Recorded, string code = "tokens") =>
        records.Add(new RecordEntry
        {
            Position = position,
            OrganizationId = 7,
            TimestampMilliseconds = at.ToUnixTimeMilliseconds(),
            IngestedAtMilliseconds = at.ToUnixTimeMilliseconds() + 5,
            Digest = -position,
            Kind = kind,
            Source = records.Append("src"u8),
            TransactionId = records.Append(Encoding.UTF8.GetBytes($"t-{position}")),
            ExternalCustomerId = records.Append(Encoding.UTF8.GetBytes($"c-{position % 10}")),
            Code = records.Append(Encoding.UTF8.GetBytes(code)),
            Properties = records.Append(Encoding.UTF8.GetBytes(properties)),
        });

    internal static EventBatch Batch(EventRecords records, bool isRepeat = false, string? topic = null, int partition = 0) =>
        new("analytics", records, 0, records.Count, isRepeat ? 1 : 0, isRepeat) { Topic = topic, Partition = partition };
}

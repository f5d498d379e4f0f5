using Bxb.Modularity.Errors;
using Bxb.Riders.Replay;

namespace Bxb.Operations.Replay;

/// <summary>The range to deliver again: exactly one member from_... and at most one member to_....</summary>
/// <param name="FromPosition">First position of the range; 0 for the whole log.</param>
/// <param name="FromTime">The range begins with events recorded at this time or later.</param>
/// <param name="FromOffsets">With Kafka: first offset by partition. Other partitions are not replayed.</param>
/// <param name="ToPosition">Last position of the range. Without an end: the last position that the group has processed.</param>
/// <param name="ToTime">The range ends with events recorded before this time.</param>
/// <param name="ToOffsets">With Kafka: end of the range by partition, itself excluded.</param>
/// <param name="Into">
/// live: delivers to the group, which processes no new events meanwhile. shadow: fills a second copy of its store, which replaces the live one once it agrees with the log. Default live.
/// </param>
/// <param name="Source">log: the event log. kafka: the topic. auto: the topic while it holds the range, else the log. Default auto.</param>
internal sealed record ReplayBody(
    long? FromPosition, DateTimeOffset? FromTime, IReadOnlyDictionary<int, long>? FromOffsets, long? ToPosition, DateTimeOffset? ToTime, IReadOnlyDictionary<int, long>? ToOffsets,
    ReplayTarget? Into, ReplaySource? Source)
{
    /// <summary>Reads the range.</summary>
    /// <exception cref="ApiException">The body has no start, several starts or several ends.</exception>
    public ReplayRequest Read()
    {
        var (starts, ends) = (Count(FromPosition, FromTime, FromOffsets), Count(ToPosition, ToTime, ToOffsets));
        var from = starts == 0 && Into == ReplayTarget.Shadow ? new ReplayBound(Position: 0) : new ReplayBound(FromPosition, FromTime, FromOffsets);
        var faults = new List<ApiFault>();
        if (starts > 1 || (starts == 0 && Into != ReplayTarget.Shadow))
        {
            faults.Add(new ApiFault("", "must have one of from_position, from_time and from_offsets"));
        }

        if (ends > 1)
        {
            faults.Add(new ApiFault("", "may have one of to_position, to_time and to_offsets"));
        }

        return faults.Count == 0
            ? new ReplayRequest(from, ends == 0 ? null : new ReplayBound(ToPosition, ToTime, ToOffsets), Into ?? ReplayTarget.Live, Source ?? ReplaySource.Auto)
            : throw new ApiException(ErrorCode.ValidationFailed, "A replay has one start and at most one end.", faults);
    }

    /// <summary>The JSON Pointer of a member of <see cref="ReplayRequest"/> in this body.</summary>
    public string PointerOf(string member) => member switch
    {
        nameof(ReplayRequest.From) => FromTime is not null ? "/from_time" : FromOffsets is not null ? "/from_offsets" : "/from_position",
        nameof(ReplayRequest.To) => ToTime is not null ? "/to_time" : ToOffsets is not null ? "/to_offsets" : "/to_position",
        nameof(ReplayRequest.Target) => "/into",
        nameof(ReplayRequest.Source) => "/source",
        _ => "",
    };

    private static int Count(params object?[] members) => members.Count(m => m is not null);
}

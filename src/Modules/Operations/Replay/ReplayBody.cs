using Bxb.Modularity.Errors;
using Bxb.Riders.Replays;

namespace Bxb.Operations.Replay;

/// <summary>The range to deliver again: one of the members from_..., at most one of the members to_....</summary>
/// <param name="FromPosition">Events from this position of the log on; 0 for everything.</param>
/// <param name="FromTime">Events that the log recorded at this time or later.</param>
/// <param name="FromOffsets">With Kafka: from these offsets on, by partition; other partitions are not replayed.</param>
/// <param name="ToPosition">Up to this position, itself included. Without an end: what the group has processed at the time of the request.</param>
/// <param name="ToTime">Events that the log recorded before this time.</param>
/// <param name="ToOffsets">With Kafka: up to these offsets, themselves not included, by partition.</param>
/// <param name="Into">live: to the group itself, which processes no new events meanwhile. shadow: into a second copy of its store, which replaces the live one when it agrees with the log. Default live.</param>
/// <param name="Source">log: from the event log. kafka: from the topic. auto: from the topic while it holds the range. Default auto.</param>
internal sealed record ReplayBody(
    long? FromPosition, DateTimeOffset? FromTime, IReadOnlyDictionary<int, long>? FromOffsets, long? ToPosition, DateTimeOffset? ToTime, IReadOnlyDictionary<int, long>? ToOffsets,
    ReplayTarget? Into, ReplaySource? Source)
{
    /// <summary>Reads the range.</summary>
    /// <exception cref="ApiException">No start, or two; two ends.</exception>
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

    /// <summary>The JSON Pointer of a member of the request.</summary>
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

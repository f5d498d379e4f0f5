using Bxb.EventLog.Records;

namespace Bxb.EventLog.Reading;

/// <summary>An event whose identity was recorded with other content.</summary>
/// <param name="Id">Increases with every conflict of the log; a listing continues from it.</param>
/// <param name="Recorded">The event in the log.</param>
/// <param name="Sent">The later event. It is not in the log: its position is that of <paramref name="Recorded"/>, its ingestion time is <paramref name="At"/>.</param>
/// <param name="At">The time of its first arrival.</param>
public sealed record EventConflict(long Id, UsageEvent Recorded, UsageEvent Sent, DateTimeOffset At);

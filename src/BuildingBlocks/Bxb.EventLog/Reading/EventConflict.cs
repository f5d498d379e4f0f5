using Bxb.EventLog.Records;

namespace Bxb.EventLog.Reading;

/// <summary>An event whose identity was known with other content.</summary>
/// <param name="Id">Grows with every conflict of the log; what a listing goes on from.</param>
/// <param name="Recorded">What the log holds.</param>
/// <param name="Sent">What came later. It was never in the log: its position is that of <paramref name="Recorded"/>, its ingestion time is <paramref name="At"/>.</param>
/// <param name="At">When it came for the first time.</param>
public sealed record EventConflict(long Id, UsageEvent Recorded, UsageEvent Sent, DateTimeOffset At);

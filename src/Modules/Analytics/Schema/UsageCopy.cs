namespace Bxb.Analytics.Schema;

/// <summary>A copy of the table <c>usage</c> that a replay fills.</summary>
/// <param name="Table">The current name of the table.</param>
/// <param name="Replay">The number of the replay.</param>
/// <param name="Key">Unique among all copies there ever were; names the partition that fills the copy.</param>
internal sealed record UsageCopy(string Table, long Replay, string Key);

/// <summary>Loading into the copy cannot continue. Transient: the replay opens the copy again.</summary>
internal sealed class CopyInterruptedException(string message) : Exception(message);

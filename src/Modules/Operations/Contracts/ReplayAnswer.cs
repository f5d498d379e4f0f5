using Bxb.Riders.Replays;

namespace Bxb.Operations.Contracts;

/// <summary>A replay as the API shows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Into">The target of the delivery.</param>
/// <param name="State">The current state.</param>
/// <param name="Cancelling">true while a cancelled replay has not ended yet; else absent.</param>
/// <param name="Source">Where the events are read.</param>
/// <param name="SourceNote">Why this source was chosen; absent when the request named it.</param>
/// <param name="From">The first position that is delivered again.</param>
/// <param name="To">The last position that is delivered again. For a copy it grows with the log.</param>
/// <param name="Position">Everything up to this position was delivered again.</param>
/// <param name="Events">Events delivered so far.</param>
/// <param name="EventsEstimate">Estimated number of events. Positions have gaps, so the estimate is high.</param>
/// <param name="StartedAt">Time of the request.</param>
/// <param name="FinishedAt">Time of the end; absent while it runs.</param>
/// <param name="Error">Why it failed or makes no progress.</param>
public sealed record ReplayAnswer(
    long Id, string Group, ReplayTarget Into, ReplayState State, bool? Cancelling, ReplaySource Source, string? SourceNote, long From, long To, long Position, long Events,
    long EventsEstimate, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string? Error)
{
    internal static ReplayAnswer Of(ReplayStatus replay) => new(
        replay.Id, replay.Group, replay.Target, replay.State, replay.IsEnding ? true : null, replay.Source, replay.Note, replay.From, replay.To, replay.Position, replay.Events,
        replay.EventsEstimate, replay.StartedAt, replay.FinishedAt, replay.Error);
}

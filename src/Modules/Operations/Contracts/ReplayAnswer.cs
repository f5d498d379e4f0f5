using Bxb.Riders.Replay;

namespace Bxb.Operations.Contracts;

/// <summary>A replay.</summary>
/// <param name="Id">The replay's number.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Into">The target of the delivery.</param>
/// <param name="State">The current state.</param>
/// <param name="Cancelling">true until a cancelled replay has ended; else absent.</param>
/// <param name="Source">The source of the events.</param>
/// <param name="SourceNote">The reason for this source; absent when the request named it.</param>
/// <param name="From">The first position to deliver again.</param>
/// <param name="To">The last position to deliver again. With the target shadow it grows with the log.</param>
/// <param name="Position">Everything up to this position was delivered again.</param>
/// <param name="Events">Number of events delivered so far.</param>
/// <param name="EventsEstimate">Estimated number of events; too high, because positions have gaps.</param>
/// <param name="StartedAt">Time of the request.</param>
/// <param name="FinishedAt">Time of the end; absent while the replay runs.</param>
/// <param name="Error">The reason for the failure, or for making no progress.</param>
public sealed record ReplayAnswer(
    long Id, string Group, ReplayTarget Into, ReplayState State, bool? Cancelling, ReplaySource Source, string? SourceNote, long From, long To, long Position, long Events,
    long EventsEstimate, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string? Error)
{
    internal static ReplayAnswer Of(ReplayStatus replay) => new(
        replay.Id, replay.Group, replay.Target, replay.State, replay.IsEnding ? true : null, replay.Source, replay.Note, replay.From, replay.To, replay.Position, replay.Events,
        replay.EventsEstimate, replay.StartedAt, replay.FinishedAt, replay.Error);
}

using Bxb.Riders.Replay;

namespace Bxb.Operations.Contracts;

/// <summary>A replay as the API shows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Group">The consumer group.</param>
/// <param name="Into">Where it delivers to.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Cancelling">true once it is to end early and has not yet.</param>
/// <param name="Source">Where it is read.</param>
/// <param name="SourceNote">Why there, where that is not plain.</param>
/// <param name="From">The first position that is delivered again.</param>
/// <param name="To">The last one; of a copy it grows with the log.</param>
/// <param name="Position">Everything up to here was delivered again.</param>
/// <param name="Events">Events delivered so far.</param>
/// <param name="EventsEstimate">About how many there are; positions have gaps, so rather too many.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="Error">Why it failed, or does not get on.</param>
public sealed record ReplayAnswer(
    long Id, string Group, ReplayTarget Into, ReplayState State, bool? Cancelling, ReplaySource Source, string? SourceNote, long From, long To, long Position, long Events,
    long EventsEstimate, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string? Error)
{
    internal static ReplayAnswer Of(ReplayStatus replay) => new(
        replay.Id, replay.Group, replay.Target, replay.State, replay.IsEnding ? true : null, replay.Source, replay.Note, replay.From, replay.To, replay.Position, replay.Events,
        replay.EventsEstimate, replay.StartedAt, replay.FinishedAt, replay.Error);
}

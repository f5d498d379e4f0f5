using Bxb.EventLog.Reading;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Replay;

/// <summary>Creates attempts at replays into a copy. Thread-safe.</summary>
internal sealed class ShadowReplayFactory(
    IServiceProvider services, ShadowTable table, ConsumerProgress progress, EventLogReader log, TimeProvider time, ILogger<ShadowReplay> logger)
{
    /// <summary>Creates an attempt; null when the group's store cannot be copied (<see cref="EventConsumerOptions.Shadow"/>).</summary>
    public ShadowReplay? Create(ShadowAttempt attempt, EventConsumerOptions options) =>
        options.Shadow is { } shadow ? new ShadowReplay(table, progress, log, time, logger, attempt, shadow(services), options) : null;
}

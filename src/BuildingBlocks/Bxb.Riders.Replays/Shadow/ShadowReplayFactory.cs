using Bxb.EventLog.Reading;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;

namespace Bxb.Riders.Replays.Shadow;

/// <summary>Creates attempts at replays into a copy. Thread-safe.</summary>
internal sealed class ShadowReplayFactory(
    IServiceProvider services, ShadowTable table, ConsumerProgress progress, EventLogReader log, TimeProvider time, ILogger<ShadowReplay> logger,
    IEnumerable<ShadowStoreRegistration> stores)
{
    private readonly Dictionary<string, Func<IServiceProvider, IShadowStore>> _stores = stores.ToDictionary(s => s.Group, s => s.Create, StringComparer.Ordinal);

    /// <summary>Whether a copy of the group's store can be built on this host.</summary>
    public bool CanCopy(string group) => _stores.ContainsKey(group);

    /// <summary>Creates an attempt; null when the group's store cannot be copied (<see cref="ReplaysRegistration.AddShadowStore"/>).</summary>
    public ShadowReplay? Create(ShadowAttempt attempt, EventConsumerOptions options) =>
        _stores.TryGetValue(attempt.Group, out var shadow) ? new ShadowReplay(table, progress, log, time, logger, attempt, shadow(services), options) : null;
}

using Bxb.EventLog.Reading;
using Bxb.Riders.Leases;
using Bxb.Riders.Progress;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Replay;

/// <summary>What replays into a copy work with. Thread-safe.</summary>
internal sealed class ShadowServices(
    IServiceProvider services, ShadowTable table, EventLogReader log, ConsumerProgress progress, LeaseStore locks, IOptions<RidersOptions> options, TimeProvider time,
    ILogger<ShadowReplayService> logger)
{
    public IServiceProvider Services => services;

    public ShadowTable Table => table;

    public EventLogReader Log => log;

    public ConsumerProgress Progress => progress;

    public LeaseStore Locks => locks;

    public RidersOptions Options => options.Value;

    public TimeProvider Time => time;

    public ILogger Logger => logger;
}

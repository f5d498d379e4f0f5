using Bxb.EventLog.Reading;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Replay;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Delivery;

/// <summary>What all receive loops of a host work with. Thread-safe.</summary>
internal sealed class LoopServices(
    IServiceProvider services, IEventTransport transport, EventLogReader log, SettledPosition settled, ConsumerProgress progress, TakeOver takeOver, PartitionReplayStore replays,
    DeadLetterStore deadLetters, GroupRegistry groups, RidersInstruments instruments,
    IOptions<RidersOptions> options, TimeProvider time, ILogger<ReceiveLoop> logger)
{
    public IServiceProvider Services => services;

    public IEventTransport Transport => transport;

    public EventLogReader Log => log;

    public SettledPosition Settled => settled;

    public ConsumerProgress Progress => progress;

    public TakeOver TakeOver => takeOver;

    public PartitionReplayStore PartitionReplays => replays;

    public DeadLetterStore DeadLetters => deadLetters;

    public GroupRegistry Groups => groups;

    public RidersInstruments Instruments => instruments;

    public RidersOptions Options => options.Value;

    public TimeProvider Time => time;

    public ILogger Logger => logger;
}

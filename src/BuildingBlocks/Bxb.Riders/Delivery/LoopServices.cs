using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Delivery;

/// <summary>What all receive loops of a host work with. Thread-safe.</summary>
internal sealed class LoopServices(
    IServiceProvider services, IEventTransport transport, ConsumerProgress progress, DeadLetterStore deadLetters, GroupActivities groups, RidersInstruments instruments,
    IOptions<RidersOptions> options, TimeProvider time, ILogger<ReceiveLoop> logger)
{
    public IServiceProvider Services => services;

    public IEventTransport Transport => transport;

    public ConsumerProgress Progress => progress;

    public DeadLetterStore DeadLetters => deadLetters;

    public GroupActivities Groups => groups;

    public RidersInstruments Instruments => instruments;

    public RidersOptions Options => options.Value;

    public TimeProvider Time => time;

    public ILogger Logger => logger;
}

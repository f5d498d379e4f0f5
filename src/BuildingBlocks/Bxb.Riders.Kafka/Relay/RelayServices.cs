using Bxb.EventLog.Reading;
using Bxb.Riders.Kafka.Topics;
using Bxb.Riders.Leases;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Relay;

/// <summary>What every try of the relay needs.</summary>
internal sealed record RelayServices(
    KafkaClients Clients, KafkaLog KafkaLog, TopicSetup Topics, RelayStore Store, RelayLetters Letters, RelayProgress Progress, RelayActivity Activity, RelayInstruments Instruments, EventLogReader Log,
    SettledPosition Settled, LeaseStore Locks,
    IOptions<KafkaOptions> KafkaOptions, IOptions<RidersOptions> RidersOptions, TimeProvider Time, ILogger<OutboxRelay> Logger)
{
    /// <summary>Where the brokers are, and how to carry.</summary>
    public KafkaOptions Options => KafkaOptions.Value;
}

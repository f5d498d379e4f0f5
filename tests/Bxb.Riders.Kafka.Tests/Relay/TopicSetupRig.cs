using Bxb.Riders.Kafka.Topics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.Kafka.Tests.Relay;

/// <summary>Makes a rig's topic by hand.</summary>
internal sealed class TopicSetupRig(RelayRig rig)
{
    public async Task<TopicState> EnsureAsync()
    {
        var options = Options.Create(rig.Options);
        using var log = new KafkaLog(TimeProvider.System, NullLogger<KafkaLog>.Instance);
        await using var admin = new KafkaAdmin(new KafkaClients(options), log, options, TimeProvider.System);
        var setup = new TopicSetup(admin, options, TimeProvider.System, NullLogger<TopicSetup>.Instance);
        return await setup.EnsureEventsAsync(CancellationToken.None);
    }
}

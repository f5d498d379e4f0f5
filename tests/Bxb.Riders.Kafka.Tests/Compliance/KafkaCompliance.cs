using Bxb.Riders.Compliance;
using Bxb.Testing;

namespace Bxb.Riders.Kafka.Tests.Compliance;

[OnKafka]
public sealed class KafkaDelivery : DeliveryCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[OnKafka]
public sealed class KafkaFailures : FailureCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[OnKafka]
public sealed class KafkaOwnership : OwnershipCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[OnKafka]
public sealed class KafkaRewind : RewindCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[OnKafka]
public sealed class KafkaReplay : ReplayCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

using Bxb.Riders.Compliance;

namespace Bxb.Riders.Kafka.Tests.Compliance;

[Trait("broker", "real")]
public sealed class KafkaDelivery : DeliveryCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[Trait("broker", "real")]
public sealed class KafkaFailures : FailureCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[Trait("broker", "real")]
public sealed class KafkaOwnership : OwnershipCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

[Trait("broker", "real")]
public sealed class KafkaRewind : RewindCompliance
{
    protected override TransportRig CreateRig() => new KafkaRig();
}

using Bxb.Riders.Compliance;

namespace Bxb.Riders.Tests;

public sealed class PostgresLogDelivery : DeliveryCompliance
{
    protected override TransportRig CreateRig() => new();
}

using Bxb.Riders.Compliance;

namespace Bxb.Riders.Tests;

public sealed class PostgresLogDelivery : DeliveryCompliance
{
    protected override TransportRig CreateRig() => new();
}

public sealed class PostgresLogFailures : FailureCompliance
{
    protected override TransportRig CreateRig() => new();
}

public sealed class PostgresLogOwnership : OwnershipCompliance
{
    protected override TransportRig CreateRig() => new();
}

public sealed class PostgresLogRewind : RewindCompliance
{
    protected override TransportRig CreateRig() => new();
}

public sealed class PostgresLogReplay : ReplayCompliance
{
    protected override TransportRig CreateRig() => new();
}

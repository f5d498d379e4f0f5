using Bxb.Riders.Compliance;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>Hosts on the PostgreSQL log over the database of another rig.</summary>
internal sealed class TransportRigOverLog(TransportRig other) : TransportRig
{
    public override string ConnectionString => other.ConnectionString;
}

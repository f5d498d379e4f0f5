namespace Bxb.Riders;

/// <summary>The registration of one consumer group. Registrations are read when the bus is built, so their order does not matter.</summary>
internal sealed record EventConsumerRegistration(string Group, Type ConsumerType, EventConsumerOptions Options);

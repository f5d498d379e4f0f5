namespace Bxb.Riders;

/// <summary>One consumer group as it was registered. All of them are enumerated when the bus is built, so the order of registration does not matter.</summary>
internal sealed record EventConsumerRegistration(string Group, Type ConsumerType, EventConsumerOptions Options);

using System.Diagnostics.CodeAnalysis;
using Bxb.Riders.Leases;
using MassTransit;
using MassTransit.Context;
using MassTransit.Metadata;

namespace Bxb.Riders.Pipeline;

/// <summary>The consume context of a batch: one object for both the context and the typed context.</summary>
internal sealed class EventConsumeContext(ReceiveContext receive, EventBatch batch) : DeserializerConsumeContext(receive, null!), ConsumeContext<EventBatch>
{
    private static readonly string[] Types = [MessageUrn.ForTypeString<EventBatch>()];
    private readonly Guid _messageId = MakeId(batch);

    public EventBatch Message => batch;

    /// <summary>Computed from the group and the edges: the same in every repeat.</summary>
    public override Guid? MessageId => _messageId;

    public override Guid? RequestId => null;

    public override Guid? CorrelationId => null;

    public override Guid? ConversationId => null;

    public override Guid? InitiatorId => null;

    public override DateTime? ExpirationTime => null;

    public override Uri SourceAddress => null!;

    public override Uri DestinationAddress => null!;

    public override Uri ResponseAddress => null!;

    public override Uri FaultAddress => null!;

    public override DateTime? SentTime => null;

    public override Headers Headers => ReceiveContext.TransportHeaders;

    public override HostInfo Host => HostMetadataCache.Host;

    public override IEnumerable<string> SupportedMessageTypes => Types;

    public override bool HasMessageType(Type messageType) => messageType.IsAssignableFrom(typeof(EventBatch));

    public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
    {
        consumeContext = this as ConsumeContext<T>;
        return consumeContext is not null;
    }

    public Task NotifyConsumed(TimeSpan duration, string consumerType) => NotifyConsumed(this, duration, consumerType);

    public Task NotifyFaulted(TimeSpan duration, string consumerType, Exception exception) => NotifyFaulted(this, duration, consumerType, exception);

    private static Guid MakeId(EventBatch batch)
    {
        Span<byte> id = stackalloc byte[16];
        BitConverter.TryWriteBytes(id, batch.FirstPosition);
        BitConverter.TryWriteBytes(id[8..], LeaseStore.Key(batch.Group) ^ batch.LastPosition);
        return new Guid(id);
    }
}

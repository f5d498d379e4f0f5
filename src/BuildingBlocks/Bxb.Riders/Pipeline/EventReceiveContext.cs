using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>The receive context of a batch. It already holds the consume context, so that nothing is serialized.</summary>
internal sealed class EventReceiveContext : BaseReceiveContext
{
    public EventReceiveContext(ReceiveEndpointContext endpoint, EventBatch batch, CancellationToken cancellationToken)
        : base(batch.IsRepeat, endpoint)
    {
        CancellationToken = cancellationToken;
        HeaderProvider = new BatchHeaders(batch);
        var consume = new EventConsumeContext(this, batch);
        AddOrUpdatePayload<ConsumeContext>(() => consume, _ => consume);
    }

    /// <inheritdoc />
    public override CancellationToken CancellationToken { get; }

    /// <inheritdoc />
    public override MessageBody Body => EmptyMessageBody.Instance;

    /// <inheritdoc />
    protected override IHeaderProvider HeaderProvider { get; }
}

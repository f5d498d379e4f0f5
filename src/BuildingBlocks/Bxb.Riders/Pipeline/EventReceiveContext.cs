using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>A batch as the pipeline receives it. It holds the finished consume context already, so that nothing is serialized on the way.</summary>
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

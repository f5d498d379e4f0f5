using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>A batch as the pipeline receives it. It holds the finished consume context already, so that nothing is serialized on the way.</summary>
internal sealed class EventReceiveContext : BaseReceiveContext
{
    private readonly ReceiveEndpointContext _endpoint;

    public EventReceiveContext(ReceiveEndpointContext endpoint, EventBatch batch, CancellationToken cancellationToken)
        : base(batch.IsRepeat, endpoint)
    {
        _endpoint = endpoint;
        CancellationToken = cancellationToken;
        HeaderProvider = new BatchHeaders(batch);
        var consume = new EventConsumeContext(this, batch);
        AddOrUpdatePayload<ConsumeContext>(() => consume, _ => consume);
    }

    /// <inheritdoc />
    public override CancellationToken CancellationToken { get; }

    /// <inheritdoc />
    public override MessageBody Body => EmptyMessageBody.Instance;

    /// <summary>Tells the observers. The framework's own error line, with a stack for each try, is left out: the loop logs a failure that goes on once.</summary>
    public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) =>
        _endpoint.ReceiveObservers.ConsumeFault(context, duration, consumerType, exception);

    /// <inheritdoc />
    protected override IHeaderProvider HeaderProvider { get; }
}

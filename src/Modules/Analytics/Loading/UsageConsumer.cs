using Bxb.Riders;
using MassTransit;

namespace Bxb.Analytics.Loading;

/// <summary>The consumer of group <c>analytics</c>: passes each batch to the <see cref="UsageLoader"/>.</summary>
internal sealed class UsageConsumer(UsageLoader loader) : IConsumer<EventBatch>
{
    public Task Consume(ConsumeContext<EventBatch> context) => loader.LoadAsync(context.Message, context.CancellationToken);
}

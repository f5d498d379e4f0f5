using Bxb.Analytics.Loading.Epochs;
using Bxb.Riders.Replays;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Analytics.Rebuild;

/// <summary>Adds the rebuild of the table <c>usage</c> by a replay.</summary>
internal static class RebuildRegistration
{
    internal static IServiceCollection AddUsageRebuild(this IServiceCollection services) => services
        .AddSingleton<LogComparison>()
        .AddSingleton<UsageExchange>()
        .AddTransient<ShadowUsage>()
        .AddShadowStore(LoadPartition.ConsumerGroup, provider => provider.GetRequiredService<ShadowUsage>());
}

using System.Diagnostics.Metrics;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Inserts;
using Bxb.Analytics.Loading.Rows;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Riders;
using Bxb.Riders.Replay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Bxb.Analytics.Loading;

/// <summary>Adds the consumer group that loads ClickHouse.</summary>
internal static class LoadingRegistration
{
    /// <summary>Registers the loader and its consumer group. Call it only if <c>Bxb:ClickHouse:Url</c> is set.</summary>
    /// <param name="services">The services.</param>
    /// <param name="options">The settings of the module.</param>
    /// <param name="shadow">Creates the copy of the table that a replay fills.</param>
    internal static IServiceCollection AddUsageLoading(this IServiceCollection services, AnalyticsOptions options, Func<IServiceProvider, IShadowStore> shadow)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new ClickHouseClient(s.GetRequiredService<IOptions<ClickHouseOptions>>().Value, meters: s.GetRequiredService<IMeterFactory>()));
        services.TryAddSingleton<ClickHouseMigrations>();
        services.AddSingleton<AnalyticsSchema>();
        services.AddSingleton<CopyTables>();
        services.AddSingleton<LoadingPause>();
        services.AddSingleton<EpochStore>();
        services.AddSingleton(_ => new RowWriterPool(options.ConcurrentInserts));
        services.AddSingleton<InsertCoalescer>();
        services.AddSingleton<UsageLoader>();
        services.AddHostedService<CheckpointService>();
        services.AddHostedService<EngineWatch>();
        return services.AddEventConsumer<UsageConsumer>(LoadPartition.ConsumerGroup, o =>
        {
            o.MaxBatch = options.MaxBatch;
            o.MaxBatchBytes = options.MaxBatchBytes;
            o.MaxWait = options.MaxWait;
            o.StartFrom = StartFrom.Beginning;
            o.IsTransient = LoadingFaults.IsTransient;
            o.Shadow = shadow;
            o.DurableProgress = async (provider, progress, cancellationToken) => await provider.GetRequiredService<UsageLoader>().TakeOverAsync(progress, cancellationToken);
        });
    }
}

using Bxb.Analytics;
using Bxb.EventLog;
using Bxb.Ingestion;
using Bxb.Management;
using Bxb.Modularity;
using Bxb.Modularity.Settings;
using Bxb.Operations;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Settings;

/// <summary>Reads and checks the section <c>Bxb</c> before any engine starts.</summary>
internal static class HostSettings
{
    /// <summary>Every part of the section <c>Bxb</c>, whether or not this host runs it.</summary>
    public static IReadOnlyList<KnownSettings> Catalogue { get; } =
    [
        .. Own(new ConfigurationBuilder().Build().GetSection("Bxb")).Concat(Parts(new ConfigurationBuilder().Build()))
            .Select(d => d.ImplementationInstance).OfType<KnownSettings>(),
    ];

    /// <summary>Adds the modules, and the options of every building block that has settings in <c>Bxb</c>. The only place that names all modules.</summary>
    public static IServiceCollection AddParts(this IServiceCollection services, IConfigurationSection bxb)
    {
        services.AddValidatedOptions<ShutdownOptions>(bxb, "Shutdown");
        services.AddValidatedOptions<EventLogOptions>(bxb, "EventLog", except: nameof(EventLogOptions.ConnectionString));
        services.AddValidatedOptions<RidersOptions>(bxb, "Riders");
        services.AddKafka(bxb);
        var modules = HostModules.Read(bxb);
        services.AddSingleton(modules);
        // Management and Operations run on every host: it authenticates its callers and shows its health, whichever modules it runs.
        services.AddModule<ManagementModule>(bxb);
        modules.Add<IngestionModule>(services, bxb);
        modules.Add<AnalyticsModule>(services, bxb);
        services.AddModule<OperationsModule>(bxb);
        return services;
    }

    /// <summary>Checks every key and value below <c>Bxb</c> and returns the host's own options. Line ends behind values are removed from the configuration itself.</summary>
    /// <exception cref="SettingsException">Names every bad setting, one sentence each.</exception>
    public static async Task<BxbOptions> ReadAsync(IConfiguration configuration)
    {
        var bxb = configuration.GetSection("Bxb");
        SettingsCheck.TrimLineEnds(bxb);
        SettingsCheck.Check(bxb, Catalogue);
        ListenUrls.Check(configuration);

        // The host's own options first: the parts bind some of these values to types whose errors would show them.
        await using var own = Own(bxb).BuildServiceProvider();
        Validate(own);
        await using var parts = Parts(configuration).BuildServiceProvider();
        Validate(parts);
        return own.GetRequiredService<IOptions<BxbOptions>>().Value;
    }

    private static ServiceCollection Own(IConfigurationSection bxb)
    {
        var services = new ServiceCollection();
        services.AddValidatedOptions<BxbOptions>(bxb, "");
        return services;
    }

    /// <summary>The parts, with stand-ins for the addresses that are known only once the engines run.</summary>
    private static IServiceCollection Parts(IConfiguration configuration)
    {
        var complete = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Bxb:EventLog:ConnectionString", "not known yet"), new("Bxb:ClickHouse:Url", "http://not.known.yet/")])
            .AddConfiguration(configuration)
            .Build();
        return new ServiceCollection().AddLogging().AddParts(complete.GetSection("Bxb"));
    }

    /// <summary>Without the transport Kafka its settings are not read, but unknown keys are still refused.</summary>
    private static void AddKafka(this IServiceCollection services, IConfigurationSection bxb)
    {
        if (Enum.TryParse<Transport>(bxb[nameof(Transport)], ignoreCase: true, out var transport) && transport == Transport.Kafka)
        {
            services.AddSingleton<IValidateOptions<KafkaOptions>, KafkaOptionsValidator>();
            services.AddValidatedOptions<KafkaOptions>(bxb, "Kafka");
        }
        else
        {
            services.AddSingleton(new KnownSettings("Kafka", typeof(KafkaOptions)));
        }
    }

    private static void Validate(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
        }
        catch (OptionsValidationException bad)
        {
            throw new SettingsException([.. bad.Failures]);
        }
        catch (AggregateException several)
        {
            throw new SettingsException([.. several.InnerExceptions.OfType<OptionsValidationException>().SelectMany(e => e.Failures)]);
        }
    }
}

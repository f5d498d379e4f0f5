using Bxb.Analytics;
using Bxb.EventLog;
using Bxb.Host.Serving;
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
internal static partial class HostSettings
{
    /// <summary>Every part of the section <c>Bxb</c>, whether or not this host runs it.</summary>
    public static IReadOnlyList<KnownSettings> Catalogue { get; } =
        [.. All(new ConfigurationBuilder().Build().GetSection("Bxb")).Select(d => d.ImplementationInstance).OfType<KnownSettings>()];

    /// <summary>Adds the modules, and the options of every part that has settings in <c>Bxb</c>. The only place that names all modules.</summary>
    public static IServiceCollection AddParts(this IServiceCollection services, IConfigurationSection bxb)
    {
        services.AddValidatedOptions<BxbOptions>(bxb, "");
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

    /// <summary>Checks every key and value below <c>Bxb</c> and returns the host's own options. Line ends behind values are removed from the configuration itself.</summary>
    /// <exception cref="SettingsException">Names every bad setting, one sentence each.</exception>
    public static async Task<BxbOptions> ReadAsync(IConfiguration configuration)
    {
        var bxb = configuration.GetSection("Bxb");
        SettingsCheck.TrimLineEnds(bxb);
        SettingsCheck.Check(bxb, Catalogue);
        ListenUrls.Check(configuration);

        // The host's own options first: the parts bind some of these values to types whose errors would show them.
        var own = new ServiceCollection();
        own.AddValidatedOptions<BxbOptions>(bxb, "");
        await ValidateAsync(own);
        return await ValidateAsync(All(bxb));
    }

    /// <summary>The parts, with stand-ins for the addresses that are known only once the engines run.</summary>
    private static IServiceCollection All(IConfigurationSection bxb)
    {
        var services = new ServiceCollection().AddLogging().AddParts(bxb);
        services.AddOptions<EventLogOptions>().PostConfigure(log => log.ConnectionString = "not known yet");
        return services;
    }

    private static async Task<BxbOptions> ValidateAsync(IServiceCollection services)
    {
        await using var parts = services.BuildServiceProvider();
        try
        {
            parts.GetRequiredService<IStartupValidator>().Validate();
            return parts.GetRequiredService<IOptions<BxbOptions>>().Value;
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

    /// <summary>Logs once what the host runs on, without secrets.</summary>
    public static void Log(ILogger logger, BxbOptions options, Engines engines, HostModules modules)
    {
        LogSettings(
            logger, HostVersion.Text, Path.GetFullPath(options.DataDirectory), options.Transport, engines.PostgresIsEmbedded ? "embedded" : "server",
            engines.ClickHouseUrl is null ? "none" : engines.ClickHouse is not null ? "embedded" : "server", options.AdminToken is null ? "no" : "yes");
        foreach (var off in modules.Off)
        {
            LogOff(logger, off);
        }
    }

    [LoggerMessage(8003, LogLevel.Information, "{Module} is left to other hosts: Bxb:Modules does not name it")]
    private static partial void LogOff(ILogger logger, string module);

    [LoggerMessage(8002, LogLevel.Information, "Bxb {Version}: data in {DataDirectory}, transport {Transport}, PostgreSQL {Postgres}, ClickHouse {ClickHouse}, admin calls {AdminCalls}")]
    private static partial void LogSettings(ILogger logger, string version, string dataDirectory, Transport transport, string postgres, string clickHouse, string adminCalls);
}

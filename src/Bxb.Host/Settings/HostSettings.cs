using Bxb.Analytics;
using Bxb.ClickHouse;
using Bxb.EventLog;
using Bxb.Host.Serving;
using Bxb.Ingestion;
using Bxb.Management;
using Bxb.Modularity;
using Bxb.Modularity.Settings;
using Bxb.Riders;
using Bxb.Riders.Kafka;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Settings;

/// <summary>Reads the section <c>Bxb</c> before anything starts: a bad setting costs a sentence, not an engine.</summary>
internal static partial class HostSettings
{
    /// <summary>Every part of the section <c>Bxb</c>, whether or not this host runs it.</summary>
    public static IReadOnlyList<KnownSettings> Catalogue { get; } =
        [.. All(new ConfigurationBuilder().Build().GetSection("Bxb")).Select(d => d.ImplementationInstance).OfType<KnownSettings>()];

    /// <summary>Adds every part of the host whose settings stand in <c>Bxb</c>. The one place that knows all modules.</summary>
    public static IServiceCollection AddParts(this IServiceCollection services, IConfigurationSection bxb)
    {
        services.AddValidatedOptions<BxbOptions>(bxb, "");
        services.AddValidatedOptions<ShutdownOptions>(bxb, "Shutdown");
        services.AddKafka(bxb);
        var modules = HostModules.Read(bxb);
        services.AddSingleton(modules);
        services.AddModule<ManagementModule>(bxb);
        modules.Add<IngestionModule>(services, bxb);
        modules.Add<AnalyticsModule>(services, bxb);
        return services;
    }

    /// <summary>The Kafka settings are read only where they are used; misspelt ones are refused all the same.</summary>
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

    /// <summary>The host's own options, once every key below <c>Bxb</c> is known and every value is in its range. Line ends behind values are cut off in the configuration itself.</summary>
    /// <exception cref="SettingsException">Names every bad setting, one sentence each.</exception>
    public static async Task<BxbOptions> ReadAsync(IConfiguration configuration)
    {
        var bxb = configuration.GetSection("Bxb");
        SettingsCheck.TrimLineEnds(bxb);
        SettingsCheck.Check(bxb, Catalogue);
        ListenUrls.Check(configuration);

        // By themselves first: the parts bind some of these texts to types whose errors would show them.
        var own = new ServiceCollection();
        own.AddValidatedOptions<BxbOptions>(bxb, "");
        await ValidateAsync(own);
        return await ValidateAsync(All(bxb));
    }

    /// <summary>The parts, and those blocks whose options are bound by the host once the engines run.</summary>
    private static IServiceCollection All(IConfigurationSection bxb)
    {
        var services = new ServiceCollection().AddLogging().AddParts(bxb);
        services.AddValidatedOptions<EventLogOptions>(bxb, "EventLog", except: nameof(EventLogOptions.ConnectionString)).PostConfigure(log => log.ConnectionString = "not known yet");
        services.AddValidatedOptions<ClickHouseOptions>(bxb, "ClickHouse").PostConfigure(clickHouse => clickHouse.Url ??= new Uri("http://not.known.yet/"));
        services.AddValidatedOptions<RidersOptions>(bxb, "Riders");
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

    /// <summary>Says once what the host runs on. Secrets stay out.</summary>
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

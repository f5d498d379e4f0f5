using Bxb.EventLog.Schema;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Settings;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Serving;

/// <summary>The command <c>serve</c>: starts engines, migrates the schemas, runs the host, and stops in the opposite order.</summary>
internal static partial class ServeCommand
{
    private const string HostLog = "Microsoft.Extensions.Hosting.Internal.Host";
    private static readonly TimeSpan EnginesPatience = TimeSpan.FromSeconds(5);

    /// <summary>Runs until a signal stops the host.</summary>
    /// <returns>0 after an orderly stop; 1 when the host could not start; 2 when the settings are not valid.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        WebApplicationBuilder builder;
        BxbOptions options;
        try
        {
            HostArguments.Check(arguments);
            builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = arguments, ContentRootPath = AppContext.BaseDirectory });
            options = await HostSettings.ReadAsync(builder.Configuration);
        }
        catch (SettingsException bad)
        {
            await Console.Error.WriteLineAsync(bad.Message);
            return 2;
        }
        catch (InvalidDataException unreadable)
        {
            // A settings file. The message has its name but not its content.
            await Console.Error.WriteLineAsync($"{unreadable.Message} {unreadable.InnerException?.Message}".TrimEnd());
            return 2;
        }

        // Ctrl-C must also end the start of the engines, before the web host handles signals.
        using var signals = new StartSignals();
        using var logging = LoggerFactory.Create(l => l.AddConfiguration(builder.Configuration.GetSection("Logging")).AddSimpleConsole(c => c.SingleLine = true));
        return await RunAsync(builder, options, logging, signals);
    }

    private static async Task<int> RunAsync(WebApplicationBuilder builder, BxbOptions options, ILoggerFactory logging, StartSignals signals)
    {
        var logger = logging.CreateLogger("Bxb.Host");
        var postgres = options.Postgres.ConnectionString is null ? "Bxb:DataDirectory" : "Bxb:Postgres:ConnectionString";
        var setting = "Bxb:DataDirectory";
        var isStarted = false;
        // After a failed start the web host logs a stack, and MassTransit logs the stop of a bus that never ran. One sentence replaces both.
        builder.Logging.AddFilter(HostLog, level => isStarted && level >= LogLevel.Warning);
        var framework = builder.Configuration.GetValue("Logging:LogLevel:MassTransit", LogLevel.Warning);
        builder.Logging.AddFilter("MassTransit", level => level >= (isStarted ? framework : LogLevel.Error));
        try
        {
            await using var engines = await Engines.StartAsync(options, HostModules.Read(builder.Configuration.GetSection("Bxb")), logging, signals.Token);
            await using var app = BxbApplication.Build(builder, options, engines);
            setting = postgres;
            await app.Services.MigrateSqlAsync(signals.Token);
            await app.Services.MigrateManagementAsync(signals.Token);
            await FirstKey.EnsureAsync(app.Services, options, engines.PostgresIsEmbedded, signals.Token);
            LogSettings(logger, options, engines, app.Services);
            signals.Release();
            setting = "--urls (ASPNETCORE_URLS)";
            await app.StartAsync(CancellationToken.None);
            isStarted = true;
            var stopped = app.WaitForShutdownAsync(CancellationToken.None);
            if (await Task.WhenAny(stopped, app.Services.GetRequiredService<StopLimit>().ReachedAsync()) != stopped)
            {
                // A hanging service would also block the disposal. The next start ends engines that still run.
                await Task.WhenAny(engines.DisposeAsync().AsTask(), Task.Delay(EnginesPatience, CancellationToken.None));
                Environment.Exit(0);
            }

            await stopped;
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (SettingsException bad)
        {
            await Console.Error.WriteLineAsync(bad.Message);
            return 2;
        }
        catch (Exception failure) when (!isStarted && StartFailure.Describe(failure, setting, postgres) is { } sentence)
        {
            LogNotStarted(logger, sentence);
            LogStack(logger, failure);
            return 1;
        }
        catch (Exception fault)
        {
            LogFault(logger, fault);
            return 1;
        }
    }

    /// <summary>Logs the settings that matter most, without secrets.</summary>
    private static void LogSettings(ILogger logger, BxbOptions options, Engines engines, IServiceProvider services)
    {
        LogHost(
            logger, HostVersion.Text, Path.GetFullPath(options.DataDirectory), options.Transport, engines.PostgresIsEmbedded ? "embedded" : "server",
            engines.ClickHouseUrl is null ? "none" : engines.ClickHouse is not null ? "embedded" : "server",
            services.GetRequiredService<IOptions<AdminOptions>>().Value.AdminToken is null ? "no" : "yes");
        foreach (var off in services.GetRequiredService<HostModules>().Off)
        {
            LogOff(logger, off);
        }
    }

    [LoggerMessage(8000, LogLevel.Critical, "The host could not start. {Sentence}")]
    private static partial void LogNotStarted(ILogger logger, string sentence);

    [LoggerMessage(8002, LogLevel.Information, "Bxb {Version}: data in {DataDirectory}, transport {Transport}, PostgreSQL {Postgres}, ClickHouse {ClickHouse}, admin calls {AdminCalls}")]
    private static partial void LogHost(ILogger logger, string version, string dataDirectory, Transport transport, string postgres, string clickHouse, string adminCalls);

    [LoggerMessage(8003, LogLevel.Information, "Other hosts run {Module}: Bxb:Modules does not name it")]
    private static partial void LogOff(ILogger logger, string module);

    [LoggerMessage(8007, LogLevel.Debug, "Where the start failed")]
    private static partial void LogStack(ILogger logger, Exception failure);

    [LoggerMessage(8009, LogLevel.Critical, "The host could not run.")]
    private static partial void LogFault(ILogger logger, Exception fault);
}

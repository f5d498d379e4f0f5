using Bxb.EventLog.Schema;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Serving;

/// <summary>The verb <c>serve</c>: starts engines, schema and host, and stops them in the opposite order.</summary>
internal static partial class ServeCommand
{
    private const string HostLog = "Microsoft.Extensions.Hosting.Internal.Host";
    private static readonly TimeSpan EnginesPatience = TimeSpan.FromSeconds(5);

    /// <summary>Runs until a signal ends it.</summary>
    /// <returns>0 after an orderly stop; 2 when the settings are not valid; 1 when it could not start.</returns>
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
            // A settings file. The message has its name and not its content.
            await Console.Error.WriteLineAsync($"{unreadable.Message} {unreadable.InnerException?.Message}".TrimEnd());
            return 2;
        }

        // Ctrl-C must also end the start of the engines; the web host, which handles signals, does not exist yet.
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
        // On a failed start the web host logs a stack, and the messaging framework logs the stop of a bus that never ran. One sentence replaces both.
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
            HostSettings.Log(logger, options, engines, app.Services.GetRequiredService<HostModules>());
            signals.Release();
            setting = "--urls (ASPNETCORE_URLS)";
            await app.StartAsync(CancellationToken.None);
            isStarted = true;
            var stopped = app.WaitForShutdownAsync(CancellationToken.None);
            if (await Task.WhenAny(stopped, app.Services.GetRequiredService<StopLimit>().ReachedAsync()) != stopped)
            {
                // A service that hangs would also block the disposal. The next start ends an engine that still runs.
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

    [LoggerMessage(8000, LogLevel.Critical, "The host could not run. {Sentence}")]
    private static partial void LogNotStarted(ILogger logger, string sentence);

    [LoggerMessage(8004, LogLevel.Debug, "Where the start failed")]
    private static partial void LogStack(ILogger logger, Exception failure);

    [LoggerMessage(8009, LogLevel.Critical, "The host could not run.")]
    private static partial void LogFault(ILogger logger, Exception fault);
}

using Bxb.Embedded;
using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Serving;

/// <summary>The verb <c>serve</c>: engines first, then the schema, then the host; and back in the opposite order.</summary>
internal static partial class ServeCommand
{
    /// <summary>Runs until a signal ends it.</summary>
    /// <returns>0 after a stop in order; 2 when the settings are not valid; 1 when it could not start.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments.FirstOrDefault(a => !a.StartsWith('-')) is { } stray && !arguments.Any(a => a.StartsWith('-') && !a.Contains('=')))
        {
            await Console.Error.WriteLineAsync($"'{stray}' is no verb; --help lists them.");
            return 2;
        }

        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = arguments, ContentRootPath = AppContext.BaseDirectory });
        BxbOptions options;
        try
        {
            options = await HostSettings.ReadAsync(builder.Configuration);
        }
        catch (SettingsException bad)
        {
            await Console.Error.WriteLineAsync(bad.Message);
            return 2;
        }

        // Ctrl-C while the engines start must end them too, and the web host that handles signals is not there yet.
        using var signals = new StartSignals();
        using var logging = LoggerFactory.Create(l => l.AddConfiguration(builder.Configuration.GetSection("Logging")).AddSimpleConsole(c => c.SingleLine = true));
        var logger = logging.CreateLogger("Bxb.Host");
        try
        {
            await using var engines = await Engines.StartAsync(options, HostModules.Read(builder.Configuration.GetSection("Bxb")), logging, signals.Token);
            await using var app = BxbApplication.Build(builder, options, engines);
            await app.Services.MigrateSqlAsync(signals.Token);
            await app.Services.MigrateManagementAsync(signals.Token);
            await FirstKey.EnsureAsync(app.Services, options, engines.PostgresIsEmbedded, signals.Token);
            HostSettings.Log(logger, options, engines, app.Services.GetRequiredService<HostModules>());
            signals.Release();
            await app.RunAsync();
            return 0;
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or EventLogException or EmbeddedEngineException or Microsoft.Extensions.Options.OptionsValidationException)
        {
            LogNotStarted(logger, failure);
            return 1;
        }
    }

    [LoggerMessage(8000, LogLevel.Critical, "The host could not run.")]
    private static partial void LogNotStarted(ILogger logger, Exception failure);
}

using System.CommandLine;
using Bxb.Embedded;
using Bxb.EventLog;
using Bxb.Host.Serving;
using Bxb.Host.Settings;
using Bxb.Management;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Cli.Keys;

/// <summary>The command <c>keys create</c>: creates a key in the database, with or without a running host.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var organization = new Option<string>("--organization") { Description = "The organization's name. Created if it does not exist.", Required = true };
        var name = new Option<string?>("--name") { Description = "The key's name." };
        var scopes = new Option<string[]>("--scopes")
        {
            Description = "A scope of the key; repeatable. Default: all three.", DefaultValueFactory = _ => ["ingest", "read", "manage"],
        };
        scopes.AcceptOnlyFromAmong("ingest", "read", "manage");
        var create = new Command("create", "Creates an API key and prints it. It cannot be shown again.") { organization, name, scopes };
        create.TreatUnmatchedTokensAsErrors = false;
        create.SetAction((parsed, ct) => RunAsync(
            parsed.GetRequiredValue(organization), parsed.GetValue(name), parsed.GetRequiredValue(scopes).Select(s => Enum.Parse<ApiScopes>(s, ignoreCase: true)).Aggregate((a, b) => a | b),
            [.. parsed.UnmatchedTokens], ct));
        var keys = new Command("keys", "Creates API keys.") { create };
        keys.TreatUnmatchedTokensAsErrors = false;
        return keys;
    }

    private static async Task<int> RunAsync(string organization, string? name, ApiScopes scopes, string[] settings, CancellationToken cancellationToken)
    {
        var setting = "Bxb:DataDirectory";
        try
        {
            HostArguments.Check(settings);
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
            builder.Logging.ClearProviders();
            var options = await HostSettings.ReadAsync(builder.Configuration);
            setting = options.Postgres.ConnectionString is null ? setting : "Bxb:Postgres:ConnectionString";
            var postgres = options.Postgres.ConnectionString
                ?? await EmbeddedPostgres.ConnectionStringOfAsync(Path.GetFullPath(options.DataDirectory), cancellationToken);
            builder.Services.AddParts(builder.Configuration.GetSection("Bxb")).AddEventLog(log => log.ConnectionString = postgres);
            await using var services = builder.Services.BuildServiceProvider();
            await services.MigrateManagementAsync(cancellationToken);
            var made = await services.GetRequiredService<ManagementBootstrap>().CreateKeyAsync(organization, name, scopes, cancellationToken);
            await Console.Out.WriteLineAsync(made.Key);
            return 0;
        }
        catch (Exception refused) when (refused is SettingsException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return 2;
        }
        catch (Exception failure) when (StartFailure.Describe(failure, setting, setting) is { } sentence)
        {
            await Console.Error.WriteLineAsync(sentence);
            return 1;
        }
    }
}

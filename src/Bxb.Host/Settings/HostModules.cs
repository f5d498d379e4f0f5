using Bxb.Modularity;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Settings;

/// <summary>What of the monolith this host runs: all of it, or what <c>Bxb:Modules</c> names.</summary>
internal sealed class HostModules
{
    private static readonly string[] Known = ["Ingestion", "Analytics", Relay];

    /// <summary>The carrier of the log to Kafka; no module of its own, but a host may do without.</summary>
    public const string Relay = "Relay";

    private readonly HashSet<string> _named;

    private HostModules(IEnumerable<string> named) => _named = new HashSet<string>(named, StringComparer.OrdinalIgnoreCase);

    /// <summary>What is left to other hosts.</summary>
    public IEnumerable<string> Off => Known.Where(name => !Runs(name));

    /// <summary>Reads the setting.</summary>
    /// <exception cref="SettingsException">It names something that there is not.</exception>
    public static HostModules Read(IConfigurationSection bxb)
    {
        var named = (bxb["Modules"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return named.All(n => Known.Contains(n, StringComparer.OrdinalIgnoreCase))
            ? new HostModules(named.Length == 0 ? Known : named)
            : throw new SettingsException([$"{bxb.Path}:Modules: names a module that there is not; there are {string.Join(", ", Known)}."]);
    }

    /// <summary>Whether this host runs the module.</summary>
    public bool Runs(string name) => _named.Contains(name);

    /// <summary>Adds a module, or only the knowledge of its settings where other hosts run it: they may share a file of settings.</summary>
    public void Add<TModule>(IServiceCollection services, IConfigurationSection bxb)
        where TModule : IModule, new()
    {
        if (Runs(new TModule().Name))
        {
            services.AddModule<TModule>(bxb);
            return;
        }

        foreach (var known in new ServiceCollection().AddModule<TModule>(bxb).Select(d => d.ImplementationInstance).OfType<KnownSettings>())
        {
            services.AddSingleton(known);
        }
    }
}

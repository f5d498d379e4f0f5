using Bxb.Modularity;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Settings;

/// <summary>The modules of this host: those that <c>Bxb:Modules</c> names, or all. Management and Operations run on every host and have no name there.</summary>
internal sealed class HostModules
{
    private static readonly string[] Known = ["Ingestion", "Analytics", Relay];

    /// <summary>The relay, which writes the log to Kafka: not a module, but selected by the same setting.</summary>
    public const string Relay = "Relay";

    private readonly HashSet<string> _named;

    private HostModules(IEnumerable<string> named) => _named = new HashSet<string>(named, StringComparer.OrdinalIgnoreCase);

    /// <summary>The modules that other hosts run.</summary>
    public IEnumerable<string> Off => Known.Where(name => !Runs(name));

    /// <summary>Reads <c>Bxb:Modules</c>.</summary>
    /// <exception cref="SettingsException">The setting names an unknown module.</exception>
    public static HostModules Read(IConfigurationSection bxb)
    {
        var named = (bxb["Modules"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return named.All(n => Known.Contains(n, StringComparer.OrdinalIgnoreCase))
            ? new HostModules(named.Length == 0 ? Known : named)
            : throw new SettingsException([$"{bxb.Path}:Modules: names an unknown module. Modules are {string.Join(", ", Known)}."]);
    }

    public bool Runs(string name) => _named.Contains(name);

    /// <summary>Adds a module. When other hosts run it, only its settings become known, because hosts may share a settings file.</summary>
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

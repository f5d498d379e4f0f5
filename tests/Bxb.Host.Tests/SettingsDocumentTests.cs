using Bxb.Host.Settings;
using Bxb.Modularity.Settings;
using Bxb.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Host.Tests;

/// <summary>The table of settings is written by hand; this keeps it whole.</summary>
public sealed class SettingsDocumentTests
{
    [Fact]
    public async Task Every_setting_that_the_host_reads_stands_in_the_table_of_settings()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "docs", "settings.md"));
        var services = new ServiceCollection().AddParts(new ConfigurationBuilder().Build().GetSection("Bxb"));
        var keys = services.Select(d => d.ImplementationInstance).OfType<KnownSettings>().SelectMany(k => Keys(k.Type, k.Path.Length == 0 ? "Bxb" : "Bxb:" + k.Path)).ToList();

        keys.Count.ShouldBeGreaterThan(20);
        keys.Where(key => !document.Contains($"`{key}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Keys(Type type, string path) => type.GetProperties().Where(p => p.CanWrite).SelectMany(p =>
        p.PropertyType.Name.EndsWith("Section", StringComparison.Ordinal) ? Keys(p.PropertyType, $"{path}:{p.Name}") : [$"{path}:{p.Name}"]);
}

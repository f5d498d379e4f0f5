using Bxb.Testing;

namespace Bxb.Host.Tests.Settings;

/// <summary>The table of settings is written by hand; this keeps it whole.</summary>
public sealed class SettingsDocumentTests
{
    [Fact]
    public async Task Every_setting_that_the_host_reads_stands_in_the_table_of_settings()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "docs", "settings.md"));
        SettingLeaf.All.Count.ShouldBeGreaterThan(80);
        SettingLeaf.All.Select(leaf => leaf.Key).Where(key => !document.Contains($"| `{key}` |", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}

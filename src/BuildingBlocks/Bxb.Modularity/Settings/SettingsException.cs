namespace Bxb.Modularity.Settings;

/// <summary>The settings cannot be started with. The message names every bad key, one sentence each, and never a secret's value.</summary>
public sealed class SettingsException : Exception
{
    /// <summary>One sentence per bad key.</summary>
    public SettingsException(IReadOnlyList<string> faults)
        : base(string.Join(Environment.NewLine, faults ?? []))
        => Faults = faults ?? [];

    /// <summary>One sentence per bad key.</summary>
    public IReadOnlyList<string> Faults { get; }
}

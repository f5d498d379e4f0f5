namespace Bxb.Modularity.Settings;

/// <summary>The settings cannot be started with. The message names every bad key, one sentence and one line each, and never a secret's value.</summary>
public sealed class SettingsException : Exception
{
    /// <summary>One sentence per bad key.</summary>
    public SettingsException(IReadOnlyList<string> faults)
        : base(string.Join(Environment.NewLine, Lines(faults)))
        => Faults = Lines(faults);

    /// <summary>One sentence per bad key, each without a line end.</summary>
    public IReadOnlyList<string> Faults { get; }

    /// <summary>Printed in one line, because a key can contain any character.</summary>
    private static string[] Lines(IReadOnlyList<string> faults)
        => [.. (faults ?? []).Select(fault => string.Concat(fault.Select(c => char.IsControl(c) ? ' ' : c))).Distinct(StringComparer.Ordinal)];
}

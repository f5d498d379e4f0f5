using System.Globalization;
using System.Runtime.InteropServices;

namespace Bxb.LoadTest.Figures;

/// <summary>What the figures were measured on.</summary>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="MemoryGib">Memory of the machine.</param>
/// <param name="Cpu">The model.</param>
/// <param name="System">Operating system and kernel.</param>
/// <param name="Runtime">The .NET runtime.</param>
internal sealed record Machine(int Cores, double MemoryGib, string Cpu, string System, string Runtime)
{
    /// <summary>Looks at this machine.</summary>
    public static async Task<Machine> ReadAsync()
    {
        var cpu = RuntimeInformation.ProcessArchitecture.ToString();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        if (OperatingSystem.IsLinux())
        {
            cpu = await LineAsync("/proc/cpuinfo", "model name") ?? cpu;
            memory = await LineAsync("/proc/meminfo", "MemTotal") is { } total ? double.Parse(total.Split(' ')[0], CultureInfo.InvariantCulture) / (1 << 20) : memory;
        }

        return new Machine(Environment.ProcessorCount, Math.Round(memory, 1), cpu, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);
    }

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Cores} cores ({Cpu}), {MemoryGib:0.#} GiB, {System}, {Runtime}");

    private static async Task<string?> LineAsync(string file, string name)
    {
        await foreach (var line in File.ReadLinesAsync(file))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            }
        }

        return null;
    }
}

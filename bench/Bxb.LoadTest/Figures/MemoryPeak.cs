namespace Bxb.LoadTest.Figures;

/// <summary>Looks every two seconds how much memory each part uses, and keeps the most.</summary>
internal sealed class MemoryPeak
{
    private readonly CancellationTokenSource _stop;
    private readonly Task<IReadOnlyDictionary<string, double>> _looking;

    /// <summary>Starts looking.</summary>
    public MemoryPeak(int? hostProcessId, int? brokerProcessId, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _looking = LookAsync(hostProcessId, brokerProcessId, _stop.Token);
    }

    /// <summary>Ends it; the most memory of each part, MiB.</summary>
    public async Task<IReadOnlyDictionary<string, double>> StopAsync()
    {
        await _stop.CancelAsync();
        var peak = await _looking;
        _stop.Dispose();
        return peak;
    }

    private static async Task<IReadOnlyDictionary<string, double>> LookAsync(int? hostProcessId, int? brokerProcessId, CancellationToken cancellationToken)
    {
        var peak = new Dictionary<string, double>(StringComparer.Ordinal);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2));
        try
        {
            do
            {
                foreach (var (part, figures) in await ProcessFigures.ReadAsync(hostProcessId, brokerProcessId))
                {
                    peak[part] = Math.Max(peak.GetValueOrDefault(part), figures.MemoryMib);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is over.
        }

        return peak;
    }
}

using System.Diagnostics;
using Bxb.LoadTest.Figures;

namespace Bxb.KafkaBench;

/// <summary>One measured run.</summary>
/// <param name="Records">How many records went through.</param>
/// <param name="Seconds">In which time.</param>
/// <param name="ClientCpu">CPU seconds of this process meanwhile: the client, the rider or relay, the handler.</param>
/// <param name="PostgresCpu">CPU seconds of PostgreSQL, from a moment before.</param>
/// <param name="BrokerCpu">CPU seconds of the broker, from a moment before; 0 when it is not known.</param>
/// <param name="Threads">CPU seconds of this process by the names of its threads, from a moment before.</param>
internal sealed record Round(long Records, double Seconds, double ClientCpu, double PostgresCpu, double BrokerCpu, IReadOnlyDictionary<string, double> Threads)
{
    /// <summary>In how many batches; 0 where there are none.</summary>
    public int Batches { get; init; }

    /// <summary>Records a second.</summary>
    public double Rate => Records / Seconds;
}

/// <summary>Measures a run: what was used before it, a clock that may start later, what was used after. Not thread-safe but for <see cref="Begin"/>.</summary>
internal sealed class Meter
{
    private readonly int? _broker;
    private readonly IReadOnlyDictionary<string, PartFigures> _before;
    private readonly IReadOnlyDictionary<int, ThreadFigure> _threads;
    private long _begun;
    private TimeSpan _cpu;

    private Meter(int? broker, IReadOnlyDictionary<string, PartFigures> before, IReadOnlyDictionary<int, ThreadFigure> threads) => (_broker, _before, _threads) = (broker, before, threads);

    /// <summary>Looks at everything before a run. Garbage of the last run is collected first.</summary>
    public static async Task<Meter> PrepareAsync(int? broker)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return new Meter(broker, await ProcessFigures.ReadAsync(Environment.ProcessId, broker, withMemory: false), await ThreadFigure.ReadAsync());
    }

    /// <summary>Starts the clock; later calls do nothing.</summary>
    public void Begin()
    {
        if (Interlocked.CompareExchange(ref _begun, Stopwatch.GetTimestamp(), 0) == 0)
        {
            _cpu = Environment.CpuUsage.TotalTime;
        }
    }

    /// <summary>The run has ended at that time, just now.</summary>
    public async Task<Round> EndAsync(long records, long ended)
    {
        var cpu = Environment.CpuUsage.TotalTime - _cpu;
        var threads = await ThreadFigure.ReadAsync();
        var after = await ProcessFigures.ReadAsync(Environment.ProcessId, _broker, withMemory: false);
        var byName = threads.GroupBy(t => t.Value.Name, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(t => t.Value.CpuSeconds - _threads.GetValueOrDefault(t.Key).CpuSeconds), StringComparer.Ordinal);
        return new Round(records, Stopwatch.GetElapsedTime(_begun, ended).TotalSeconds, cpu.TotalSeconds, Used(ProcessFigures.PostgreSql), Used(ProcessFigures.Broker), byName);

        double Used(string part) => after.GetValueOrDefault(part).CpuSeconds - _before.GetValueOrDefault(part).CpuSeconds;
    }
}

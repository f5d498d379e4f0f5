using System.Diagnostics;
using Bxb.Riders;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bxb.KafkaBench;

/// <summary>The rider with a handler that only counts, in a host of its own and a group that has read nothing yet.</summary>
internal static class RiderRun
{
    /// <summary>Has so many records handed out. The clock runs from the assignment.</summary>
    public static async Task<Round> RunAsync(BenchStage stage, BenchSettings settings, BenchTopic topic, string group, Meter meter, CancellationToken cancellationToken)
    {
        var counter = new RecordCounter(settings.Events);
        using var host = await stage.BuildAsync(topic, withRelay: false, services =>
        {
            services.AddSingleton(counter);
            services.AddSingleton<ILoggerProvider>(new AssignmentClock(meter));
            services.AddEventConsumer<CountingConsumer>(group, o => o.MaxBatch = settings.Batch);
        });
        await host.StartAsync(cancellationToken);
        var ended = await counter.Full.WaitAsync(cancellationToken);
        var round = (await meter.EndAsync(counter.Count, ended)) with { Batches = counter.Batches };
        await host.StopAsync(cancellationToken);
        return round;
    }

    /// <summary>Counts records; thread-safe.</summary>
    internal sealed class RecordCounter(long expected)
    {
        private readonly TaskCompletionSource<long> _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _count;
        private int _batches;

        /// <summary>Records so far.</summary>
        public long Count => Interlocked.Read(ref _count);

        /// <summary>Batches so far.</summary>
        public int Batches => Volatile.Read(ref _batches);

        /// <summary>Ends with the timestamp of the moment when all were there.</summary>
        public Task<long> Full => _full.Task;

        /// <summary>Counts a batch.</summary>
        public void Add(int records)
        {
            Interlocked.Increment(ref _batches);
            if (Interlocked.Add(ref _count, records) >= expected)
            {
                _full.TrySetResult(Stopwatch.GetTimestamp());
            }
        }
    }

    /// <summary>The handler.</summary>
    internal sealed class CountingConsumer(RecordCounter counter) : IConsumer<EventBatch>
    {
        public Task Consume(ConsumeContext<EventBatch> context)
        {
            counter.Add(context.Message.Count);
            return Task.CompletedTask;
        }
    }

    /// <summary>Starts the clock when the rider writes into its log that it was assigned partitions. Says everything that went wrong.</summary>
    private sealed class AssignmentClock(Meter meter) : ILoggerProvider, ILogger
    {
        private const int Assigned = 2162;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == Assigned)
            {
                meter.Begin();
            }

            if (logLevel >= LogLevel.Warning)
            {
                Console.WriteLine($"  {logLevel}: {formatter(state, exception)} {exception?.Message}");
            }
        }

        public void Dispose()
        {
        }
    }
}

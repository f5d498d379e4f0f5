using System.Diagnostics;
using System.Globalization;
using System.Text;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.LogBench;

/// <summary>Appends events flat out. What PostgreSQL does behind the appends is in the figure as far as it happens within the time.</summary>
internal static class AppendRun
{
    private const int BlockEvents = 100;
    private const int Senders = 16;

    public static async Task<int> RunAsync(string directory, int events, int customers, CancellationToken cancellationToken)
    {
        await using var log = await LogHost.StartAsync(directory, cancellationToken);
        var appender = log.Services.GetRequiredService<EventLogAppender>();
        var next = 0;
        var before = log.CpuSeconds();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAsync, cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var after = log.CpuSeconds();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{events / seconds:N0} events/s over {seconds:F1} s; CPU s per 1M events: own {(after.Own - before.Own) * 1e6 / events:F1}, PostgreSQL {(after.Server - before.Server) * 1e6 / events:F1}"));
        return 0;

        async Task SendAsync()
        {
            while (true)
            {
                var from = Interlocked.Add(ref next, BlockEvents) - BlockEvents;
                if (from >= events)
                {
                    return;
                }

                using var block = AppendBlock.Rent(1, BlockEvents * 256, BlockEvents);
                for (var number = from; number < from + BlockEvents; number++)
                {
                    Add(block, number, customers);
                }

                await appender.AppendAsync(block, cancellationToken);
            }
        }
    }

    private static void Add(AppendBlock block, int number, int customers)
    {
        var hash = (uint)number * 2654435761u;
        var pending = new PendingEvent
        {
            Kind = EventKind.Recorded,
            TimestampGiven = true,
            TimestampMilliseconds = 1_767_225_600_000 + number,
            TransactionId = Append(block, $"{hash:x8}-transaction-{number:00000000000}"),
            ExternalCustomerId = Append(block, $"customer-{(hash >> 7) % (uint)customers:0000000}"),
            Code = Append(block, $"{(number % 5 == 0 ? "tokens" : "api_calls")}"),
            Properties = Append(block, $$"""{"bytes": {{100_000 + (hash >> 13)}}, "model": "sable-1-mini", "region": "eu-west"}"""),
        };
        pending.Digest = EventDigest.Compute(block, in pending);
        block.Add(in pending);
    }

    private static TextRange Append(AppendBlock block, FormattableString text) => block.Append(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
}

using System.Globalization;
using System.Text;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;

namespace Bxb.KafkaBench;

/// <summary>Fills the log with events that become records of about 350 bytes, by the product's own appender.</summary>
internal sealed class LogFiller(EventLogAppender appender, BenchSettings settings)
{
    private const int BlockEvents = 500;
    private const int Senders = 16;
    private readonly long _start = TimeProvider.System.GetUtcNow().AddDays(-1).ToUnixTimeMilliseconds();
    private int _next;

    /// <summary>Appends all events; the last position.</summary>
    public async Task<long> FillAsync(CancellationToken cancellationToken)
    {
        var last = await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(() => SendAsync(cancellationToken), cancellationToken)));
        return last.Max();
    }

    /// <summary>Appends so many of them; the last position, 0 when all are in the log.</summary>
    public async Task<long> AppendAsync(int events, CancellationToken cancellationToken)
    {
        var from = Interlocked.Add(ref _next, events) - events;
        if (from >= settings.Events)
        {
            return 0;
        }

        using var block = AppendBlock.Rent(1, events * 256, events);
        for (var number = from; number < Math.Min(from + events, settings.Events); number++)
        {
            Add(block, number);
        }

        await appender.AppendAsync(block, cancellationToken);
        return Last(block);
    }

    private async Task<long> SendAsync(CancellationToken cancellationToken)
    {
        var last = 0L;
        while (await AppendAsync(BlockEvents, cancellationToken) is > 0 and var position)
        {
            last = Math.Max(last, position);
        }

        return last;
    }

    private static long Last(AppendBlock block)
    {
        var last = 0L;
        foreach (ref readonly var e in block.Events)
        {
            last = Math.Max(last, e.Position);
        }

        return last;
    }

    private void Add(AppendBlock block, int number)
    {
        var hash = (uint)number * 2654435761u;
        var pending = new PendingEvent
        {
            Kind = EventKind.Recorded,
            TimestampGiven = true,
            TimestampMilliseconds = _start + number,
            TransactionId = Append(block, $"transaction-{number:00000000000}"),
            ExternalCustomerId = Append(block, $"customer-{hash % (uint)settings.Customers:0000000}"),
            Code = Append(block, $"api_calls"),
            Properties = Append(block, $$"""{"bytes": {{100_000 + (hash >> 13)}}, "model": "sable-1-mini", "region": "eu-west"}"""),
        };
        pending.Digest = EventDigest.Compute(block, in pending);
        block.Add(in pending);
    }

    private static TextRange Append(AppendBlock block, FormattableString text) => block.Append(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));
}

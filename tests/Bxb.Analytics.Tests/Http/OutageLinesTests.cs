using System.Collections.Concurrent;
using Bxb.Analytics.Tests.Cases;
using Bxb.Analytics.Tests.Loading;
using Bxb.Testing;
using Microsoft.Extensions.Logging;

namespace Bxb.Analytics.Tests.Http;

/// <summary>While ClickHouse is away each kind of failure is logged once, without a stack, and once more when it ends.</summary>
public sealed class OutageLinesTests
{
    private const string Range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";

    [Fact]
    public async Task One_line_when_an_outage_begins_and_one_when_it_ends()
    {
        using var logs = new Lines();
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        await using var host = new UsageHost { ClickHouseUrl = path.Url, Logs = logs };
        host.Settings["Bxb:Usage:AwayFor"] = "00:00:00.1";
        await host.InitializeAsync();
        await host.MetricAsync("calls", "count", null);
        var position = await host.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        (await host.GetAsync($"/v1/usage?metric=calls&{Range}&min_position={position}&timeout=30&store=clickhouse")).Status.ShouldBe(200);
        logs.All.Clear();

        path.OnStatement = (_, context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        position = await host.AppendAsync(new CaseEvent("a", "2026-01-05T00:00:00Z"));
        for (var i = 0; i < 20; i++)
        {
            (await host.GetAsync($"/v1/usage?metric=calls&{Range}")).Body.GetProperty("store").GetString().ShouldBe("postgresql");
        }

        await Eventually.HoldsAsync(() => logs.All.Count(l => l.Id is 2013 or 2023) >= 3, "the loader tries again");
        path.OnStatement = null;
        (await host.GetAsync($"/v1/usage?metric=calls&{Range}&min_position={position}&timeout=30&store=clickhouse")).Status.ShouldBe(200);
        await Eventually.HoldsAsync(() => logs.All.Any(l => l.Id == 1052), "the end is said");

        var said = logs.All.Where(l => l.Level >= LogLevel.Information).ToList();
        said.ShouldAllBe(l => !l.HasException && !l.Text.Contains("(null)") && !l.Text.Contains('\n'));
        // Each kind is logged once: usage queries, checkpoints, and the batch or the take-over of the loading group.
        said.Where(l => l.Level >= LogLevel.Warning).GroupBy(l => l.Text.Split(':')[0]).ShouldAllBe(g => g.Count() == 1, string.Join('\n', said.Select(l => $"{l.Level} {l.Category} {l.Text}")));
        said.Count(l => l.Id == 1050 && l.Text.StartsWith("ClickHouse does not answer usage queries", StringComparison.Ordinal)).ShouldBe(1);
        said.Count(l => l.Id is 2014 or 2024).ShouldBeGreaterThanOrEqualTo(1);
    }

    private sealed record Line(LogLevel Level, string Category, int Id, string Text, bool HasException);

    private sealed class Lines : ILoggerProvider
    {
        public ConcurrentQueue<Line> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(Lines lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (category.StartsWith("Bxb", StringComparison.Ordinal) || category.StartsWith("MassTransit", StringComparison.Ordinal))
                {
                    lines.All.Enqueue(new(logLevel, category, eventId.Id, formatter(state, exception), exception is not null));
                }
            }
        }
    }
}

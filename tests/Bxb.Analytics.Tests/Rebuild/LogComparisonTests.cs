using System.Globalization;
using Bxb.Analytics.Rebuild;
using Bxb.Analytics.Tests.Cases;
using Bxb.EventLog.Reading;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.Analytics.Tests.Rebuild;

/// <summary>A copy that differs from the log in one event is found, and the sentence names the organization.</summary>
public class LogComparisonTests
{
    private const long EndOfLog = 1_000_000;

    [Fact]
    public async Task A_missing_row_another_digest_and_an_event_older_than_the_log_are_found()
    {
        await using var stores = await UsageStores.StartAsync();
        await stores.Log.AppendAsync(1, Events(20));
        await stores.Log.AppendAsync(2, Events(10));
        await stores.LoadAsync(batch: 7);
        var log = stores.Log.Services.GetRequiredService<NpgsqlDataSource>();
        var comparison = new LogComparison(new EventLogTotals(log), stores.Client);
        (await comparison.FindDifferenceAsync("usage", EndOfLog, default)).ShouldBeNull();

        await stores.Client.ExecuteAsync(new("ALTER TABLE usage UPDATE digest = digest + 1 WHERE organization_id = 1 AND position = (SELECT min(position) FROM usage) SETTINGS mutations_sync = 1"));
        (await comparison.FindDifferenceAsync("usage", EndOfLog, default)).ShouldNotBeNull().ShouldContain("20 events of organization 1");

        await stores.Client.ExecuteAsync(new("ALTER TABLE usage UPDATE digest = digest - 1 WHERE organization_id = 1 AND position = (SELECT min(position) FROM usage) SETTINGS mutations_sync = 1"));
        await stores.Client.ExecuteAsync(new("ALTER TABLE usage DELETE WHERE organization_id = 2 AND position = (SELECT max(position) FROM usage) SETTINGS mutations_sync = 1"));
        (await comparison.FindDifferenceAsync("usage", EndOfLog, default)).ShouldNotBeNull().ShouldContain("10 events of organization 2");

        await using var command = log.CreateCommand("delete from event_log.events where position = (select min(position) from event_log.events)");
        await command.ExecuteNonQueryAsync();
        (await comparison.FindDifferenceAsync("usage", EndOfLog, default)).ShouldNotBeNull().ShouldContain("1 older events");
    }

    private static IEnumerable<CaseEvent> Events(int count) => Enumerable.Range(0, count)
        .Select(i => new CaseEvent("c", "2026-01-01T00:00:00Z", $"{{\"n\": {i.ToString(CultureInfo.InvariantCulture)}}}") { Id = $"e-{i}" });
}

using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.EventLog.Reading;

namespace Bxb.Analytics.Rebuild;

/// <summary>Compares a copy of the table with the event log: the number of events and the exact sum of their digests, for each organization. Thread-safe.</summary>
internal sealed class LogComparison(EventLogTotals log, ClickHouseClient client)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>Compares the entries up to a position.</summary>
    /// <returns>Null if both agree, else one sentence that names a difference.</returns>
    internal async Task<string?> FindDifferenceAsync(string table, long upTo, CancellationToken cancellationToken)
    {
        var first = await log.ReadFirstPositionAsync(cancellationToken);
        if (await CountLiveBeforeAsync(first, cancellationToken) is > 0 and var older)
        {
            return $"The log begins at position {first}. The live table contains {older} older events, which a copy made from the log cannot contain.";
        }

        var expected = await log.ReadAsync(first, upTo, Timeout, cancellationToken);
        var found = await ReadCopyAsync(table, upTo, cancellationToken);
        foreach (var organization in expected.Keys.Union(found.Keys).Order())
        {
            var (inLog, inCopy) = (expected.GetValueOrDefault(organization), found.GetValueOrDefault(organization));
            if (inLog != inCopy)
            {
                return $"Up to position {upTo} the log contains {inLog.Events} events of organization {organization} with the digest sum {inLog.DigestSum}; "
                    + $"the copy contains {inCopy.Events} with {inCopy.DigestSum}.";
            }
        }

        return null;
    }

    private async Task<long> CountLiveBeforeAsync(long position, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement($"SELECT count() FROM {AnalyticsSchema.LiveTable} WHERE position < {{first:UInt64}}") { Timeout = Timeout }.With("first", position);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetInt64(0) : 0;
    }

    private async Task<Dictionary<int, EventTotals>> ReadCopyAsync(string table, long upTo, CancellationToken cancellationToken)
    {
        // Digests are signed in the log.
        var statement = new ClickHouseStatement(
            $"SELECT organization_id, count(), toString(sum(toInt256(reinterpretAsInt64(digest)))) FROM {table} WHERE position <= {{upTo:UInt64}} GROUP BY organization_id") { Timeout = Timeout };
        var totals = new Dictionary<int, EventTotals>();
        await using var rows = await client.QueryAsync(statement.With("upTo", upTo), cancellationToken);
        while (await rows.ReadAsync())
        {
            totals[(int)rows.GetInt64(0)] = EventTotals.Parse(rows.GetInt64(1), rows.GetString(2));
        }

        return totals;
    }
}

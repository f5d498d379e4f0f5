using System.Globalization;
using System.Numerics;
using Bxb.Analytics.Loading;
using Bxb.ClickHouse;
using Npgsql;

namespace Bxb.Analytics.Rebuild;

/// <summary>Compares a copy of the table with the event log: for each organization the number of events and the sum of their digests, both exact. Thread-safe.</summary>
internal sealed class LogComparison(NpgsqlDataSource log, ClickHouseClient client)
{
    /// <summary>Positions that the log is asked for at once, so that no statement runs for long.</summary>
    private const long Slice = 1_000_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly record struct Totals(long Events, BigInteger Digests)
    {
        public static Totals operator +(Totals a, Totals b) => new(a.Events + b.Events, a.Digests + b.Digests);
    }

    /// <summary>Compares what both hold up to a position.</summary>
    /// <returns>Null when they agree, else a sentence that says what differs.</returns>
    internal async Task<string?> FindDifferenceAsync(string table, long upTo, CancellationToken cancellationToken)
    {
        var first = await FirstInLogAsync(cancellationToken);
        if (await OlderAsync(first, cancellationToken) is > 0 and var older)
        {
            return $"The log begins at position {first}, and the live table holds {older} older events, which a copy that was made from the log cannot have.";
        }

        var expected = await LogAsync(first, upTo, cancellationToken);
        var found = await CopyAsync(table, upTo, cancellationToken);
        foreach (var organization in expected.Keys.Union(found.Keys).Order())
        {
            var (there, here) = (expected.GetValueOrDefault(organization), found.GetValueOrDefault(organization));
            if (there != here)
            {
                return $"Up to position {upTo} the log holds {there.Events} events of organization {organization}, whose digests make {there.Digests}; the copy holds {here.Events}, which make {here.Digests}.";
            }
        }

        return null;
    }

    private async Task<long> FirstInLogAsync(CancellationToken cancellationToken)
    {
        await using var command = log.CreateCommand("select coalesce(min(position), 9223372036854775807) from event_log.events");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<long> OlderAsync(long first, CancellationToken cancellationToken)
    {
        var statement = new ClickHouseStatement($"SELECT count() FROM {Lane.LiveTable} WHERE position < {{first:UInt64}}") { Timeout = Limit }.With("first", first);
        await using var rows = await client.QueryAsync(statement, cancellationToken);
        return await rows.ReadOneAsync() ? rows.GetInt64(0) : 0;
    }

    private async Task<Dictionary<long, Totals>> LogAsync(long first, long upTo, CancellationToken cancellationToken)
    {
        var totals = new Dictionary<long, Totals>();
        for (var from = first; from <= upTo; from += Slice)
        {
            // A record that only says that another one no longer counts makes no row.
            await using var command = log.CreateCommand(
                "select organization_id, count(*), sum(digest)::text from event_log.events where position >= $1 and position < $2 and position <= $3 and kind <> 3 group by 1");
            command.CommandTimeout = (int)Limit.TotalSeconds;
            command.Parameters.Add(new() { Value = from });
            command.Parameters.Add(new() { Value = from + Slice });
            command.Parameters.Add(new() { Value = upTo });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var organization = reader.GetInt32(0);
                totals[organization] = totals.GetValueOrDefault(organization) + new Totals(reader.GetInt64(1), Number(reader.GetString(2)));
            }
        }

        return totals;
    }

    private async Task<Dictionary<long, Totals>> CopyAsync(string table, long upTo, CancellationToken cancellationToken)
    {
        // The digest is a signed number in the log.
        var statement = new ClickHouseStatement(
            $"SELECT organization_id, count(), toString(sum(toInt256(reinterpretAsInt64(digest)))) FROM {table} WHERE position <= {{upTo:UInt64}} GROUP BY organization_id") { Timeout = Limit };
        var totals = new Dictionary<long, Totals>();
        await using var rows = await client.QueryAsync(statement.With("upTo", upTo), cancellationToken);
        while (await rows.ReadAsync())
        {
            totals[rows.GetInt64(0)] = new Totals(rows.GetInt64(1), Number(rows.GetString(2)));
        }

        return totals;
    }

    private static BigInteger Number(string text) => BigInteger.Parse(text, CultureInfo.InvariantCulture);
}

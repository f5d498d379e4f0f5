using System.Globalization;
using System.Numerics;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>The number of events of one organization and the sum of their digests.</summary>
/// <param name="Events">The number of events. An entry that voids another event is not counted.</param>
/// <param name="DigestSum">The exact sum of the digests as signed numbers.</param>
public readonly record struct EventTotals(long Events, BigInteger DigestSum)
{
    /// <summary>Adds the totals of two ranges.</summary>
    public static EventTotals operator +(EventTotals left, EventTotals right) => new(left.Events + right.Events, left.DigestSum + right.DigestSum);

    /// <summary>Creates totals from a digest sum in decimal text, the form in which stores return a number of more than 64 bits.</summary>
    /// <exception cref="FormatException">The text is not a whole number.</exception>
    public static EventTotals Parse(long events, string digestSum) => new(events, BigInteger.Parse(digestSum, CultureInfo.InvariantCulture));
}

/// <summary>Sums up the events of the log for a comparison with another store. Thread-safe.</summary>
/// <param name="log">The log's database.</param>
public sealed class EventLogTotals(NpgsqlDataSource log)
{
    /// <summary>Positions per statement, so that no statement runs for long.</summary>
    private const long Slice = 1_000_000;

    /// <summary>Returns the first position in the log, or <see cref="long.MaxValue"/> if the log is empty.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<long> ReadFirstPositionAsync(CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(async () =>
    {
        await using var command = log.CreateCommand("select coalesce(min(position), 9223372036854775807) from event_log.events");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    });

    /// <summary>Returns the totals of each organization that has an event in a range of positions.</summary>
    /// <param name="first">The first position.</param>
    /// <param name="upTo">The last position.</param>
    /// <param name="timeout">The time limit of each statement.</param>
    /// <param name="cancellationToken">Ends the running statement.</param>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<Dictionary<int, EventTotals>> ReadAsync(long first, long upTo, TimeSpan timeout, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(async () =>
    {
        var totals = new Dictionary<int, EventTotals>();
        for (var from = first; from <= upTo; from += Slice)
        {
            await AddAsync(totals, from, upTo, timeout, cancellationToken);
        }

        return totals;
    });

    private async Task AddAsync(Dictionary<int, EventTotals> totals, long from, long upTo, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // Kind 3 voids another event and is no event itself.
        await using var command = log.CreateCommand(
            "select organization_id, count(*), sum(digest)::text from event_log.events where position >= $1 and position < $2 and position <= $3 and kind <> 3 group by 1");
        command.CommandTimeout = (int)timeout.TotalSeconds;
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = from + Slice });
        command.Parameters.Add(new() { Value = upTo });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var organization = reader.GetInt32(0);
            totals[organization] = totals.GetValueOrDefault(organization) + EventTotals.Parse(reader.GetInt64(1), reader.GetString(2));
        }
    }
}

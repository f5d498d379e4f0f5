using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Finds positions of the log by ingestion time. Thread-safe.</summary>
/// <remarks>
/// There is no index on the ingestion time. An append takes positions during its statement and stores the statement's start as the time of its events, so times grow with positions except for
/// the duration of a statement, which is limited. A binary search gets that close; the rest is scanned.
/// </remarks>
/// <param name="database">The log's database.</param>
/// <param name="options">The time limit of an append.</param>
public sealed class EventLogTimes(NpgsqlDataSource database, IOptions<EventLogOptions> options)
{
    private const string Bounds = "select coalesce(min(position), 0), coalesce(max(position), 0) from event_log.events";

    private const string Sample = "select position, ingested_at from event_log.events where position > $1 and position <= $2 order by position limit 1";

    private const string First = "select position from event_log.events where position > $1 and ingested_at >= $2 order by position limit 1";

    private const string Last = "select position from event_log.events where position <= $1 and ingested_at < $2 order by position desc limit 1";

    /// <summary>Longer than an append statement can take.</summary>
    private TimeSpan Slack => options.Value.CommandTimeout * 2;

    /// <summary>The highest position below all events that were ingested at a time or later; the log's last position when there are none.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<long> FindBelowAsync(DateTimeOffset time, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(() => BelowAsync(time, cancellationToken));

    /// <summary>The position of the last event that was ingested before a time; 0 when there is none.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<long> FindLastBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync(() => LastBeforeAsync(time, cancellationToken));

    private async Task<long> BelowAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        var (_, last) = await BoundsAsync(cancellationToken);
        return await OneAsync(First, await BeforeAsync(Less(time), cancellationToken), time, cancellationToken) is { } first ? first - 1 : last;
    }

    private async Task<long> LastBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        // All events above the found position, except the next one, were ingested at the later time or after it.
        var (_, last) = await BoundsAsync(cancellationToken);
        var below = await BeforeAsync(More(time), cancellationToken);
        var above = await SampleAsync(below, last, cancellationToken);
        return await OneAsync(Last, above?.Position ?? last, time, cancellationToken) ?? 0;
    }

    /// <summary>A position such that the event at it was ingested before a time and the next event was not; 0 for none.</summary>
    private async Task<long> BeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        var (first, high) = await BoundsAsync(cancellationToken);
        var low = Math.Max(0, first - 1);

        // low: the event there was ingested before the time, or low is the beginning. high: events above it are not read any more.
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (await SampleAsync(middle, high, cancellationToken) is { } sample && sample.Time < time)
            {
                low = sample.Position;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private async Task<(long First, long Last)> BoundsAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Bounds);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private async Task<(long Position, DateTimeOffset Time)?> SampleAsync(long after, long upTo, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sample);
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = upTo });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellationToken)) : null;
    }

    private async Task<long?> OneAsync(string sql, long position, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = position });
        command.Parameters.Add(new() { Value = time.ToUniversalTime() });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    private DateTimeOffset Less(DateTimeOffset time) => time - DateTimeOffset.UnixEpoch > Slack ? time - Slack : DateTimeOffset.UnixEpoch;

    private DateTimeOffset More(DateTimeOffset time) => DateTimeOffset.MaxValue - time > Slack ? time + Slack : time;
}

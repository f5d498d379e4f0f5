using Bxb.EventLog.Records;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Looks up single events, lists them, and lists conflicts, each for one organization. Thread-safe.</summary>
/// <remarks>
/// Reads committed events, settled or not: an event is found as soon as its append was acknowledged. Each statement has only one plan on <see cref="EventLogConnections.Listing"/>, with
/// any statistics. A new partition has none, and PostgreSQL would otherwise sort all of it.
/// </remarks>
public sealed class EventLogQueries
{
    private readonly EventLogConnections _connections;
    private readonly EventLogOptions _options;

    /// <summary>Used by the container.</summary>
    internal EventLogQueries(EventLogConnections connections, IOptions<EventLogOptions> options)
    {
        _connections = connections;
        _options = options.Value;
    }

    private int TimeoutSeconds => (int)Math.Ceiling(_options.QueryTimeout.TotalSeconds);

    /// <summary>Returns the events with a transaction id: one for each source, or that of one source. At most 100.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<IReadOnlyList<UsageEvent>> FindAsync(int org, string transactionId, string? source, CancellationToken ct)
    {
        // Each event is looked up by the position of its key.
        var text = new QueryText($"select {UsageEventRow.Columns} from event_log.event_keys k ");

        // The organization is also checked on the event, so that a wrong key cannot reveal an event of another organization.
        text.Text("cross join lateral (select * from event_log.events e where e.position = k.position offset 0) e where e.organization_id = ").Value(org)
            .Text(" and k.organization_id = ").Value(org).Text(" and k.transaction_id = ").Value(transactionId).And("k.source = ", source).Text(" order by k.source limit 100");
        return ReadAsync(text, reader => UsageEventRow.ReadAsync(reader, 0, ct), ct);
    }

    /// <summary>An organization's events, newest position first.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<IReadOnlyList<UsageEvent>> ListAsync(EventListFilter filter, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(filter.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Limit, 10_000);
        return EventLogErrors.TranslateAsync(async () =>
        {
            await using var connection = await _connections.Listing.OpenConnectionAsync(ct);
            return await new EventListing(filter, connection, TimeoutSeconds).ReadAsync(ct);
        });
    }

    /// <summary>An organization's conflicts, newest first.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<IReadOnlyList<EventConflict>> ConflictsAsync(int org, long? beforeId, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 10_000);

        // A range of (organization, id), because only the index of the listing has that order. With an equality the primary key would have it too.
        var text = new QueryText(
            $"""
            select {UsageEventRow.Columns}, c.recorded_position, c.organization_id, c.source, c.transaction_id, c.external_customer_id, c.code, c.timestamp, c.properties,
                c.digest, c.kind, c.at, c.trace_parent, c.id
            from event_log.conflicts c
            cross join lateral (select * from event_log.events e where e.position = c.recorded_position offset 0) e
            where e.organization_id = c.organization_id and (c.organization_id, c.id) >= (
            """).Value(org).Text(", 0) and (c.organization_id, c.id) < (").Value(org).Text(", ").Value(beforeId ?? long.MaxValue)
            .Text(") order by c.organization_id desc, c.id desc limit ").Value(limit);
        return ReadAsync(
            text,
            async reader =>
            {
                var sent = await UsageEventRow.ReadAsync(reader, UsageEventRow.ColumnCount, ct);
                return new EventConflict(reader.GetInt64(2 * UsageEventRow.ColumnCount), await UsageEventRow.ReadAsync(reader, 0, ct), sent, sent.IngestedAt);
            },
            ct);
    }

    private Task<IReadOnlyList<T>> ReadAsync<T>(QueryText text, Func<NpgsqlDataReader, Task<T>> read, CancellationToken ct) => EventLogErrors.TranslateAsync<IReadOnlyList<T>>(async () =>
    {
        await using var connection = await _connections.Listing.OpenConnectionAsync(ct);
        await using var command = text.Create(connection);
        command.CommandTimeout = TimeoutSeconds;
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(await read(reader));
        }

        return rows;
    });
}

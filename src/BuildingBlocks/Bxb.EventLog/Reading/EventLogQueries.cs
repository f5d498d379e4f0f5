using System.Text;
using Bxb.EventLog.Records;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Looks up single events, lists them, and lists conflicts, each for one organization. Thread-safe.</summary>
/// <remarks>
/// Reads what is committed, settled or not: an event can be found as soon as its append was acknowledged. There is no index by organization and position: it cost
/// a sixth of the server's time for an append. PostgreSQL chooses per partition between the primary key backwards, for an organization that is often there, and
/// the usage index with a sort, for one that is rare or absent. So statements go unprepared: they are planned for their values.
/// </remarks>
public sealed class EventLogQueries
{
    private const string Columns =
        "e.position, e.organization_id, e.source, e.transaction_id, e.external_customer_id, e.code, e.timestamp, e.properties, e.digest, e.kind, e.ingested_at, e.trace_parent";

    private const int ColumnCount = 12;

    private readonly NpgsqlDataSource _dataSource;
    private readonly EventLogOptions _options;

    /// <summary>Used by the container.</summary>
    public EventLogQueries(NpgsqlDataSource dataSource, IOptions<EventLogOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _dataSource = dataSource;
        _options = options.Value;
    }

    /// <summary>The events of an id: one for each source that used it, or that of one source. Empty when there is none. At most 100.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<IReadOnlyList<UsageEvent>> FindAsync(int org, string transactionId, string? source, CancellationToken ct)
    {
        var command = new QueryText($"select {Columns} from event_log.event_keys k join event_log.events e on e.position = k.position where k.organization_id = ")
            .Value(org).Text(" and k.transaction_id = ").Value(transactionId);
        if (source is not null)
        {
            command.Text(" and k.source = ").Value(source);
        }

        // The organization once more on the event itself: a key that pointed wrong would show nobody else's event.
        command.Text(" and e.organization_id = ").Value(org).Text(" order by k.source limit 100");
        return ReadAsync(command, reader => ReadEventAsync(reader, 0, ct), ct);
    }

    /// <summary>An organization's events, newest position first.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<IReadOnlyList<UsageEvent>> ListAsync(EventListFilter filter, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(filter.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Limit, 10_000);
        var command = new QueryText($"select {Columns} from event_log.events e where e.organization_id = ").Value(filter.OrganizationId);
        command.And("e.code = ", filter.Code).And("e.external_customer_id = ", filter.ExternalCustomerId);
        command.And("e.timestamp >= ", filter.From?.UtcDateTime).And("e.timestamp < ", filter.To?.UtcDateTime).And("e.position < ", filter.BeforePosition);
        command.Text(" order by e.position desc limit ").Value(filter.Limit);
        return ReadAsync(command, reader => ReadEventAsync(reader, 0, ct), ct);
    }

    /// <summary>An organization's conflicts, newest first.</summary>
    /// <exception cref="EventLogException">PostgreSQL is away or was too slow.</exception>
    public Task<IReadOnlyList<EventConflict>> ConflictsAsync(int org, long? beforeId, int limit, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 10_000);
        var command = new QueryText(
            $"""
            select {Columns}, c.recorded_position, c.organization_id, c.source, c.transaction_id, c.external_customer_id, c.code, c.timestamp, c.properties, c.digest, c.kind,
                c.at, c.trace_parent, c.id
            from event_log.conflicts c join event_log.events e on e.position = c.recorded_position and e.organization_id = c.organization_id where c.organization_id = 
            """).Value(org).And("c.id < ", beforeId).Text(" order by c.id desc limit ").Value(limit);
        return ReadAsync(
            command,
            async reader =>
            {
                var sent = await ReadEventAsync(reader, ColumnCount, ct);
                return new EventConflict(reader.GetInt64(2 * ColumnCount), await ReadEventAsync(reader, 0, ct), sent, sent.IngestedAt);
            },
            ct);
    }

    private async Task<IReadOnlyList<T>> ReadAsync<T>(QueryText text, Func<NpgsqlDataReader, Task<T>> read, CancellationToken ct)
    {
        try
        {
            await using var command = text.Create(_dataSource);
            command.CommandTimeout = (int)Math.Ceiling(_options.QueryTimeout.TotalSeconds);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var rows = new List<T>();
            while (await reader.ReadAsync(ct))
            {
                rows.Add(await read(reader));
            }

            return rows;
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            throw EventLogErrors.Translate(e);
        }
    }

    private static async Task<UsageEvent> ReadEventAsync(NpgsqlDataReader reader, int at, CancellationToken ct) => new(
        reader.GetInt64(at), reader.GetInt32(at + 1), reader.GetString(at + 2), reader.GetString(at + 3), reader.GetString(at + 4), reader.GetString(at + 5),
        await reader.GetFieldValueAsync<DateTimeOffset>(at + 6, ct), await reader.GetFieldValueAsync<byte[]>(at + 7, ct), reader.GetInt64(at + 8),
        (EventKind)reader.GetInt16(at + 9), await reader.GetFieldValueAsync<DateTimeOffset>(at + 10, ct),
        await reader.IsDBNullAsync(at + 11, ct) ? null : reader.GetString(at + 11));

    /// <summary>A statement put together from constant text and numbered parameters.</summary>
    private sealed class QueryText(string start)
    {
        private readonly StringBuilder _text = new(start);
        private readonly List<NpgsqlParameter> _parameters = [];

        public QueryText Text(string constant)
        {
            _text.Append(constant);
            return this;
        }

        public QueryText Value<T>(T value)
        {
            _parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            _text.Append('$').Append(_parameters.Count);
            return this;
        }

        public QueryText And(string condition, string? value) => value is null ? this : Text(" and ").Text(condition).Value(value);

        public QueryText And<T>(string condition, T? value)
            where T : struct => value is null ? this : Text(" and ").Text(condition).Value(value.Value);

        public NpgsqlCommand Create(NpgsqlDataSource dataSource)
        {
            var command = dataSource.CreateCommand(_text.ToString());
            foreach (var parameter in _parameters)
            {
                command.Parameters.Add(parameter);
            }

            return command;
        }
    }
}

using System.Text;
using Bxb.EventLog;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders;

/// <summary>Lists, requeues and discards the records that consumer groups could not process. Thread-safe.</summary>
/// <remarks>A call for an organization sees only its records. A letter whose record was processed after a requeue is deleted.</remarks>
public sealed class DeadLetterQueue
{
    /// <summary>The most letters that one call requeues; the next call takes the rest.</summary>
    public const int MostAtOnce = 10_000;

    private const string Columns =
        "id, group_name, position, organization_id, code, record::text, reason, exception, attempts, created_at, state, note, topic, partition, record_offset";

    private const string List = $"""
        select {Columns} from event_log.dead_letters
        where ($1::text is null or group_name = $1) and ($2::text is null or code = $2) and ($3::timestamptz is null or created_at >= $3)
          and ($4::int is null or organization_id = $4) and ($5::bigint is null or id < $5)
        order by id desc limit $6
        """;

    private const string Decide = $"""
        update event_log.dead_letters set state = case when $3 = 'requeued' and position = 0 then state else $3 end, note = case when $3 = 'requeued' and position = 0 then note else $4 end
        where id = $1 and ($2::int is null or organization_id = $2) returning {Columns}
        """;

    // Only events of the log can be delivered again.
    private const string RequeueMany = """
        with chosen as (
            select id from event_log.dead_letters
            where group_name = $1 and position > 0 and ($2::text is null or code = $2) and ($3::timestamptz is null or created_at >= $3) and ($4::int is null or organization_id = $4)
              and case when $5::bigint[] is null then state = 'pending' else id = any($5) and state <> 'requeued' end
            order by id limit $6 for update)
        update event_log.dead_letters d set state = 'requeued', note = null from chosen where d.id = chosen.id
        """;

    private readonly NpgsqlDataSource _database;
    private readonly GroupRegistry _groups;

    internal DeadLetterQueue(NpgsqlDataSource database, GroupRegistry groups) => (_database, _groups) = (database, groups);

    /// <summary>Dead letters, the newest first.</summary>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<IReadOnlyList<DeadLetter>> ListAsync(DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(filter.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(filter.Limit, 1000);
        await using var command = _database.CreateCommand(List);
        command.Parameters.Add(Parameter(filter.Group, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(filter.Code, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(filter.Since?.ToUniversalTime(), NpgsqlDbType.TimestampTz));
        command.Parameters.Add(Parameter(filter.OrganizationId, NpgsqlDbType.Integer));
        command.Parameters.Add(Parameter(filter.BeforeId, NpgsqlDbType.Bigint));
        command.Parameters.Add(Parameter(filter.Limit, NpgsqlDbType.Integer));
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>
    /// Requeues a dead letter: it is delivered to its group again, alone, as a repeat, before new records. It is deleted once it was processed, also after a restart; if it fails again, it is pending
    /// again with the new reason. A discarded letter may be requeued too.
    /// </summary>
    /// <returns>
    /// The letter as it is now; null when there is none with this id, or it belongs to another organization. A letter with position 0 is not changed: it cannot be delivered.
    /// </returns>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<DeadLetter?> RequeueAsync(long id, int? organizationId, CancellationToken cancellationToken)
    {
        var letter = await DecideAsync(id, organizationId, "requeued", note: null, cancellationToken);
        if (letter is { Position: > 0 })
        {
            _groups.Find(letter.Group)?.Wake();
        }

        return letter;
    }

    /// <summary>Requeues the dead letters of a selection as <see cref="RequeueAsync"/> does, the oldest first, at most <see cref="MostAtOnce"/>.</summary>
    /// <returns>The number of requeued letters.</returns>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public async Task<int> RequeueManyAsync(DeadLetterSelection selection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(selection.Ids?.Count ?? 0, 1000, nameof(selection));
        await using var command = _database.CreateCommand(RequeueMany);
        command.Parameters.Add(Parameter(selection.Group, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(selection.Code, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(selection.Since?.ToUniversalTime(), NpgsqlDbType.TimestampTz));
        command.Parameters.Add(Parameter(selection.OrganizationId, NpgsqlDbType.Integer));
        command.Parameters.Add(Parameter(selection.Ids?.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint));
        command.Parameters.Add(Parameter(MostAtOnce, NpgsqlDbType.Integer));
        var requeued = await EventLogErrors.TranslateAsync(() => command.ExecuteNonQueryAsync(cancellationToken));
        if (requeued > 0)
        {
            _groups.Find(selection.Group)?.Wake();
        }

        return requeued;
    }

    /// <summary>Discards a letter: its group goes on without the record. The letter stays in the list with the reason.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="reason">The reason; 1 to 1,000 characters.</param>
    /// <param name="organizationId">The organization that the letter must belong to; null for any.</param>
    /// <param name="cancellationToken">Ends the call; the decision may have been stored.</param>
    /// <returns>The letter as it is now; null when there is none with this id, or it belongs to another organization.</returns>
    /// <exception cref="EventLogException">PostgreSQL did not answer.</exception>
    public Task<DeadLetter?> DiscardAsync(long id, string reason, int? organizationId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reason.Length, 1000, nameof(reason));
        return DecideAsync(id, organizationId, "discarded", FaultText.Storable(reason, 1000), cancellationToken);
    }

    private async Task<DeadLetter?> DecideAsync(long id, int? organizationId, string state, string? note, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(Decide);
        command.Parameters.Add(Parameter(id, NpgsqlDbType.Bigint));
        command.Parameters.Add(Parameter(organizationId, NpgsqlDbType.Integer));
        command.Parameters.Add(Parameter(state, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter(note, NpgsqlDbType.Text));
        var letters = await ReadAsync(command, cancellationToken);
        return letters.Count == 0 ? null : letters[0];
    }

    private static Task<IReadOnlyList<DeadLetter>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken) => EventLogErrors.TranslateAsync<IReadOnlyList<DeadLetter>>(async () =>
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var letters = new List<DeadLetter>();
        while (await reader.ReadAsync(cancellationToken))
        {
            letters.Add(Read(reader));
        }

        return letters;
    });

    private static DeadLetter Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetValue(12) as string, reader.GetInt32(13), reader.GetValue(14) as long?, reader.GetInt32(3),
        reader.GetString(4), Encoding.UTF8.GetBytes(reader.GetString(5)), reader.GetString(6), reader.GetString(7),
        reader.GetInt32(8), new DateTimeOffset(reader.GetDateTime(9), TimeSpan.Zero), State(reader.GetString(10)), reader.GetValue(11) as string);

    private static DeadLetterState State(string state) => state switch
    {
        "pending" => DeadLetterState.Pending,
        "requeued" => DeadLetterState.Requeued,
        "discarded" => DeadLetterState.Discarded,
        _ => throw new InvalidOperationException($"A dead letter is in the state {state}, which this version does not know."),
    };

    private static NpgsqlParameter Parameter(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}

using System.Data.Common;
using System.Text;
using Bxb.EventLog;
using Bxb.Riders.Failures;
using Bxb.Riders.Progress;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Riders;

/// <summary>The records that consumer groups could not process: to list, to deliver again, to give up. Thread-safe.</summary>
/// <remarks>Given an organization, each call sees that one's records only, as if there were no others. A letter that was delivered again with success is gone from the list.</remarks>
public sealed class DeadLetters
{
    /// <summary>The most that one call requeues; the next one takes what is left.</summary>
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

    // Only what is an event of the log can be delivered again.
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

    internal DeadLetters(NpgsqlDataSource database, GroupRegistry groups) => (_database, _groups) = (database, groups);

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
    /// Has a dead letter delivered to its group again, alone, as a repeat, before anything new. It is gone once it was processed, also over a restart; if it fails again, it is pending again with the
    /// new reason. A discarded one may be requeued too.
    /// </summary>
    /// <returns>
    /// The letter as it is now; null when there is none of this id, or it is another organization's. One whose position is 0 stays as it was: nothing can be delivered of it.
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

    /// <summary>Has the dead letters of a selection delivered again as <see cref="RequeueAsync"/> does, the oldest first, at most <see cref="MostAtOnce"/>.</summary>
    /// <returns>How many.</returns>
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
        try
        {
            var requeued = await command.ExecuteNonQueryAsync(cancellationToken);
            if (requeued > 0)
            {
                _groups.Find(selection.Group)?.Wake();
            }

            return requeued;
        }
        catch (DbException exception)
        {
            throw EventLogErrors.Translate(exception);
        }
    }

    /// <summary>Gives a record up for its group; the letter stays in the list with the reason.</summary>
    /// <param name="id">The letter.</param>
    /// <param name="reason">Why, for people; 1 to 1,000 characters.</param>
    /// <param name="organizationId">The organization whose letter it has to be; null for any.</param>
    /// <param name="cancellationToken">Ends the call; the decision may have been stored.</param>
    /// <returns>The letter as it is now; null when there is none of this id, or it is another organization's.</returns>
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

    private static async Task<IReadOnlyList<DeadLetter>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var letters = new List<DeadLetter>();
            while (await reader.ReadAsync(cancellationToken))
            {
                letters.Add(Read(reader));
            }

            return letters;
        }
        catch (DbException exception)
        {
            throw EventLogErrors.Translate(exception);
        }
    }

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

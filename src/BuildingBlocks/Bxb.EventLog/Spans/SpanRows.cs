using Npgsql;
using NpgsqlTypes;

namespace Bxb.EventLog.Spans;

/// <summary>The rows that summarize one span, gathered in memory. Used by one call.</summary>
internal sealed class SpanRows(PositionSpan span)
{
    /// <summary>Rows of one transaction.</summary>
    internal const int RowsPerTransaction = 256;

    private const short Code = 1;
    private const short Day = 2;
    private const int OffsetBits = 17;
    private const long OffsetMask = SpanSummary.Positions - 1;
    private const int Buckets = 1_024;
    private const int BucketBits = 10;
    private const int CodeBits = 10;

    private const string Clear = "with c as (delete from event_log.customer_postings where from_position = $1) delete from event_log.postings where from_position = $1";
    private const string Complete = "insert into event_log.spans (from_position, to_position, earliest, latest, by_day) values ($1, $2, $3, $4, $5)";

    private readonly List<long>?[] _customers = new List<long>?[Buckets];
    private readonly List<(int Organization, short Kind, string Value, int Events, int[]? Positions)> _postings = [];
    private DateTime? _earliest;
    private DateTime? _latest;

    /// <summary>Whether event times lie so far apart that lists by day are worth their place.</summary>
    public bool ByDay => _latest - _earliest > TimeSpan.FromDays(1);

    /// <summary>Event times of some of the span's events, UTC.</summary>
    public void Extend(DateTime earliest, DateTime latest)
    {
        _earliest = _earliest < earliest ? _earliest : earliest;
        _latest = _latest > latest ? _latest : latest;
    }

    /// <summary>Adds the events with a code, to its list if they are not too many and to the buckets of their customers.</summary>
    /// <param name="organization">The organization.</param>
    /// <param name="code">The code.</param>
    /// <param name="codeTag"><c>event_log.code_tag</c> of the code.</param>
    /// <param name="entries">For each event the hash of its customer, shifted left by 17 bits, and the offset of its position.</param>
    public void AddCode(int organization, string code, long codeTag, long[] entries)
    {
        _postings.Add((organization, Code, code, entries.Length, entries.Length > SpanSummary.MaxListed ? null : Array.ConvertAll(entries, static e => (int)(e & OffsetMask))));
        foreach (var entry in entries)
        {
            var hash = entry >>> OffsetBits;
            var bucket = _customers[hash & (Buckets - 1)] ??= [];

            // As event_log.customer_tag takes it.
            var tag = (hash >> BucketBits) & uint.MaxValue;
            bucket.Add((tag << (OffsetBits + CodeBits)) | (codeTag << OffsetBits) | (entry & OffsetMask));
        }
    }

    /// <summary>Adds the events of a day; no positions: too many.</summary>
    public void AddDay(int organization, string day, int events, int[]? positions) => _postings.Add((organization, Day, day, events, positions));

    /// <summary>Writes all of it, in short transactions, the span itself last.</summary>
    /// <exception cref="NpgsqlException">PostgreSQL refused or is away.</exception>
    public async Task WriteAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var clear = new NpgsqlCommand(Clear, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = span.From } } };
        await clear.ExecuteNonQueryAsync(ct);
        await CopyAsync(connection, "event_log.customer_postings (from_position, bucket, entries)", CustomerRows(), WriteCustomersAsync, ct);
        await CopyAsync(connection, "event_log.postings (from_position, organization_id, kind, term, events, positions)", _postings, WritePostingAsync, ct);
        await using var complete = new NpgsqlCommand(Complete, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = span.From },
                new NpgsqlParameter<long> { TypedValue = span.To },
                new() { Value = (object?)_earliest ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = (object?)_latest ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new NpgsqlParameter<bool> { TypedValue = ByDay },
            },
        };
        await complete.ExecuteNonQueryAsync(ct);
    }

    private List<(short Bucket, long[] Entries)> CustomerRows() =>
        [.. _customers.Index().Where(b => b.Item is not null).Select(b => ((short)b.Index, b.Item!.ToArray()))];

    private static async Task CopyAsync<T>(NpgsqlConnection connection, string table, List<T> rows, Func<NpgsqlBinaryImporter, T, CancellationToken, Task> write, CancellationToken ct)
    {
        foreach (var some in rows.Chunk(RowsPerTransaction))
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);

            // What is lost with the server is summarized again, so the commit does not wait for the disk.
            await using var relax = new NpgsqlCommand("set local synchronous_commit = off", connection);
            await relax.ExecuteNonQueryAsync(ct);
            await using (var import = await connection.BeginBinaryImportAsync($"copy {table} from stdin (format binary)", ct))
            {
                foreach (var row in some)
                {
                    await import.StartRowAsync(ct);
                    await write(import, row, ct);
                }

                await import.CompleteAsync(ct);
            }

            await transaction.CommitAsync(ct);
        }
    }

    private async Task WriteCustomersAsync(NpgsqlBinaryImporter import, (short Bucket, long[] Entries) row, CancellationToken ct)
    {
        await import.WriteAsync(span.From, NpgsqlDbType.Bigint, ct);
        await import.WriteAsync(row.Bucket, NpgsqlDbType.Smallint, ct);
        await import.WriteAsync(row.Entries, NpgsqlDbType.Array | NpgsqlDbType.Bigint, ct);
    }

    private async Task WritePostingAsync(NpgsqlBinaryImporter import, (int Organization, short Kind, string Value, int Events, int[]? Positions) row, CancellationToken ct)
    {
        await import.WriteAsync(span.From, NpgsqlDbType.Bigint, ct);
        await import.WriteAsync(row.Organization, NpgsqlDbType.Integer, ct);
        await import.WriteAsync(row.Kind, NpgsqlDbType.Smallint, ct);
        await import.WriteAsync(row.Value, NpgsqlDbType.Text, ct);
        await import.WriteAsync(row.Events, NpgsqlDbType.Integer, ct);
        if (row.Positions is null)
        {
            await import.WriteNullAsync(ct);
        }
        else
        {
            await import.WriteAsync(row.Positions, NpgsqlDbType.Array | NpgsqlDbType.Integer, ct);
        }
    }
}

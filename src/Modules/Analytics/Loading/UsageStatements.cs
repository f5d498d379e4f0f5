using System.Globalization;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>The statements by which batches enter the table <c>usage</c>, or a copy of it. Each is one insert of one block.</summary>
/// <remarks>
/// Each one is refused, with <see cref="LoaderTerm.Over"/>, when its term is not the last one of <c>loader_terms</c>: the table travels with the rows, so this holds
/// too where the engine's data were replaced by older ones.
/// </remarks>
internal sealed class UsageStatements
{
    internal const string Columns =
        "organization_id, code, source, external_customer_id, transaction_id, timestamp, position, digest, kind, ingested_at, properties";

    // The JSON type stands here as in the table, or ClickHouse would convert one JSON to the other at several times the cost; LowCardinality costs more than String.
    private const string Select =
        $"({Columns}) SELECT {Columns} FROM input('organization_id UInt32, code String, source String, external_customer_id String, "
        + "transaction_id String, timestamp DateTime64(3), position UInt64, digest UInt64, kind UInt8, ingested_at DateTime64(3), "
        + "properties JSON(max_dynamic_paths=32)') WHERE ";

    private const string Format = " FORMAT RowBinary";

    private readonly string _plain;
    private readonly string _shared;
    private readonly string _repair;
    private readonly string _count;

    /// <summary>For a table of this name, which is put into the text as it is.</summary>
    internal UsageStatements(string table)
    {
        _plain = $"INSERT INTO {table} {Select}{LoaderTerm.Condition}{Format}";
        _shared = $"INSERT INTO {table} {Select}{LoaderTerm.AllStand}{Format}";
        _repair = $"INSERT INTO {table} {Select}{LoaderTerm.Condition} AND position NOT IN (SELECT position FROM {table} WHERE position BETWEEN {{first:UInt64}} AND {{last:UInt64}}"
            + $" AND timestamp BETWEEN {{earliest:DateTime64(3,'UTC')}} AND {{latest:DateTime64(3,'UTC')}}){Format}";
        _count = $"SELECT uniqExact(position) FROM {table} WHERE position IN {{positions:Array(UInt64)}} AND position BETWEEN {{first:UInt64}} AND {{last:UInt64}}"
            + " AND timestamp BETWEEN {earliest:DateTime64(3,'UTC')} AND {latest:DateTime64(3,'UTC')}";
    }

    /// <summary>For rows that were never sent: the token has ClickHouse itself refuse them a second time.</summary>
    internal ClickHouseStatement First(EventBatch batch, int slice, LoaderTerm term) => Once(Create(_plain, term), Token(batch, slice, term));

    /// <summary>For batches of several lanes at once, none of which was ever sent.</summary>
    internal ClickHouseStatement First(IReadOnlyCollection<(EventBatch Batch, LoaderTerm Term)> lanes) =>
        Once(Set(LoaderTerm.Name(new ClickHouseStatement(_shared), [.. lanes.Select(l => l.Term)])), string.Join(' ', lanes.Select(l => Token(l.Batch, 0, l.Term))));

    /// <summary>For rows that were sent before to a table that surely has none of them. No token: ClickHouse may have noted it and lost the rows.</summary>
    internal ClickHouseStatement Refill(LoaderTerm term) => Create(_plain, term).Set("insert_deduplicate", 0);

    /// <summary>For rows of which the table may hold any: only the missing ones go in. Months that the batch does not touch are not looked at.</summary>
    internal ClickHouseStatement Repair(EventBatch batch, UsageRowWriter rows, LoaderTerm term) => Within(Create(_repair, term), batch, rows).Set("insert_deduplicate", 0);

    /// <summary>How many of the rows the table holds, by their positions. Other partitions' positions lie between them.</summary>
    internal ClickHouseStatement Count(EventBatch batch, MonthSlice months, UsageRowWriter rows)
    {
        var positions = new List<long>(rows.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (UsageRowWriter.MakesRow(batch[i], months))
            {
                positions.Add(batch[i].Position);
            }
        }

        return Within(new ClickHouseStatement(_count), batch, rows).With("positions", positions);
    }

    private static ClickHouseStatement Within(ClickHouseStatement statement, EventBatch batch, UsageRowWriter rows) => statement
        .With("first", batch.FirstPosition).With("last", batch.LastPosition)
        .With("earliest", DateTimeOffset.FromUnixTimeMilliseconds(rows.EarliestMilliseconds))
        .With("latest", DateTimeOffset.FromUnixTimeMilliseconds(rows.LatestMilliseconds));

    private static string Token(EventBatch batch, int slice, LoaderTerm term) => string.Create(CultureInfo.InvariantCulture, $"{term.Lane.Name}:{batch.FirstPosition}-{batch.LastPosition}/{slice}");

    private static ClickHouseStatement Once(ClickHouseStatement statement, string token) => statement.Set("insert_deduplication_token", token).Set("deduplicate_insert_select", "force_enable");

    private static ClickHouseStatement Create(string sql, LoaderTerm term) => Set(term.Name(new ClickHouseStatement(sql)));

    private static ClickHouseStatement Set(ClickHouseStatement statement) => statement
        // Texts stay texts, whatever they look like.
        .Set("input_format_binary_read_json_as_string", 1)
        .Set("input_format_try_infer_dates", 0)
        .Set("input_format_try_infer_datetimes", 0)
        .Set("input_format_json_try_infer_numbers_from_strings", 0)
        .Set("type_json_skip_duplicated_paths", 1)
        // Old data imported at once, or hostile timestamps: a batch may touch any number of months.
        .Set("max_partitions_per_insert_block", 0);
}

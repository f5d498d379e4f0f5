using System.Globalization;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Loading.Rows;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Loading.Inserts;

/// <summary>The statements that insert batches into the table <c>usage</c>, or into a copy of it. Each inserts one block.</summary>
/// <remarks>
/// Every insert is refused with <see cref="EpochConditions.EndedCode"/> unless its epoch is the last one in <c>loader_epochs</c>. That table is part of the same data directory, so an
/// insert is also refused when the directory was replaced by an older one.
/// </remarks>
internal sealed class InsertStatements
{
    // JSON is declared as in the table; otherwise ClickHouse converts one JSON type to the other at several times the cost. LowCardinality costs more than String.
    private const string Select =
        $"({UsageRowWriter.Columns}) SELECT {UsageRowWriter.Columns} FROM input('organization_id UInt32, code String, source String, external_customer_id String, "
        + "transaction_id String, timestamp DateTime64(3), position UInt64, digest UInt64, kind UInt8, ingested_at DateTime64(3), "
        + "properties JSON(max_dynamic_paths=32)') WHERE ";

    private const string Format = " FORMAT RowBinary";

    private readonly string _plain;
    private readonly string _coalesced;
    private readonly string _repair;
    private readonly string _count;

    /// <summary>Creates the statements for a table. The name becomes part of the text as it is.</summary>
    internal InsertStatements(string table)
    {
        _plain = $"INSERT INTO {table} {Select}{EpochConditions.IsCurrent}{Format}";
        _coalesced = $"INSERT INTO {table} {Select}{EpochConditions.AllAreCurrent}{Format}";
        _repair = $"INSERT INTO {table} {Select}{EpochConditions.IsCurrent} AND position NOT IN (SELECT position FROM {table} WHERE position BETWEEN {{first:UInt64}} AND {{last:UInt64}}"
            + $" AND timestamp BETWEEN {{earliest:DateTime64(3,'UTC')}} AND {{latest:DateTime64(3,'UTC')}}){Format}";
        _count = $"SELECT uniqExact(position) FROM {table} WHERE position IN {{positions:Array(UInt64)}} AND position BETWEEN {{first:UInt64}} AND {{last:UInt64}}"
            + " AND timestamp BETWEEN {earliest:DateTime64(3,'UTC')} AND {latest:DateTime64(3,'UTC')}";
    }

    /// <summary>Inserts a slice that was never sent. With the deduplication token ClickHouse refuses the same slice a second time.</summary>
    internal ClickHouseStatement First(EventBatch batch, int slice, Epoch epoch) => Deduplicate(Create(_plain, epoch), Token(batch, slice, epoch));

    /// <summary>Inserts batches of several partitions, none of which was ever sent.</summary>
    internal ClickHouseStatement First(IReadOnlyCollection<(EventBatch Batch, Epoch Epoch)> batches) =>
        Deduplicate(Set(EpochConditions.Bind(new ClickHouseStatement(_coalesced), [.. batches.Select(b => b.Epoch)])), string.Join(' ', batches.Select(b => Token(b.Batch, 0, b.Epoch))));

    /// <summary>Inserts rows that were sent before and are not in the table. Without a token, because ClickHouse may have stored the token and lost the rows.</summary>
    internal ClickHouseStatement Refill(Epoch epoch) => Create(_plain, epoch).Set("insert_deduplicate", 0);

    /// <summary>Inserts those rows that are not in the table. Months outside of the batch are not read.</summary>
    internal ClickHouseStatement Repair(EventBatch batch, UsageRowWriter rows, Epoch epoch) => Within(Create(_repair, epoch), batch, rows).Set("insert_deduplicate", 0);

    /// <summary>Counts the rows of a slice that are in the table. It compares single positions, because positions of other partitions lie between them.</summary>
    internal ClickHouseStatement Count(EventBatch batch, MonthSlice slice, UsageRowWriter rows)
    {
        var positions = new List<long>(rows.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (UsageRowWriter.IsRow(batch[i], slice))
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

    private static string Token(EventBatch batch, int slice, Epoch epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{epoch.Partition.Name}:{batch.FirstPosition}-{batch.LastPosition}/{slice}");

    private static ClickHouseStatement Deduplicate(ClickHouseStatement statement, string token) =>
        statement.Set("insert_deduplication_token", token).Set("deduplicate_insert_select", "force_enable");

    private static ClickHouseStatement Create(string sql, Epoch epoch) => Set(EpochConditions.Bind(new ClickHouseStatement(sql), epoch));

    private static ClickHouseStatement Set(ClickHouseStatement statement) => statement
        // Strings stay strings, also where they look like numbers or dates.
        .Set("input_format_binary_read_json_as_string", 1)
        .Set("input_format_try_infer_dates", 0)
        .Set("input_format_try_infer_datetimes", 0)
        .Set("input_format_json_try_infer_numbers_from_strings", 0)
        .Set("type_json_skip_duplicated_paths", 1)
        // An import of old data, or hostile timestamps, can spread one batch over any number of months.
        .Set("max_partitions_per_insert_block", 0);
}

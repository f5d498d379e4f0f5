using System.Globalization;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>The statements by which a batch enters the table <c>usage</c>. One batch is one insert of one block.</summary>
/// <remarks>
/// Each one is refused, with <see cref="TermOver"/>, when its term is not the last one of <c>loader_terms</c>: the table travels with the rows, so this holds
/// too where the engine's data were replaced by older ones.
/// </remarks>
internal static class UsageStatements
{
    /// <summary>FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: another loader has taken over, or the data are not those of this term.</summary>
    internal const int TermOver = 395;

    internal const string Columns =
        "organization_id, code, source, external_customer_id, transaction_id, timestamp, position, digest, kind, ingested_at, properties";

    // The JSON type stands here as in the table, or ClickHouse would convert one JSON to the other at several times the cost; LowCardinality costs more than String.
    private const string Insert =
        $"INSERT INTO usage ({Columns}) SELECT {Columns} FROM input('organization_id UInt32, code String, source String, external_customer_id String, "
        + "transaction_id String, timestamp DateTime64(3), position UInt64, digest UInt64, kind UInt8, ingested_at DateTime64(3), "
        + $"properties JSON(max_dynamic_paths=32)') WHERE {LoaderTerms.InTerm}";

    private const string Absent =
        " AND position NOT IN (SELECT position FROM usage WHERE position BETWEEN {first:UInt64} AND {last:UInt64}"
        + " AND timestamp BETWEEN {earliest:DateTime64(3,'UTC')} AND {latest:DateTime64(3,'UTC')})";

    private const string Format = " FORMAT RowBinary";

    /// <summary>For rows that were never sent: the token has ClickHouse itself refuse them a second time.</summary>
    internal static ClickHouseStatement First(EventBatch batch, int slice, LoaderTerm term) => Create(Insert + Format, term)
        .Set("insert_deduplication_token", string.Create(CultureInfo.InvariantCulture, $"{term.Lane.Name}:{batch.FirstPosition}-{batch.LastPosition}/{slice}"))
        .Set("deduplicate_insert_select", "force_enable");

    /// <summary>For rows that were sent before to a table that surely has none of them. No token: ClickHouse may have noted it and lost the rows.</summary>
    internal static ClickHouseStatement Refill(LoaderTerm term) => Create(Insert + Format, term).Set("insert_deduplicate", 0);

    /// <summary>For rows of which the table may hold any: only the missing ones go in. Months that the batch does not touch are not looked at.</summary>
    internal static ClickHouseStatement Repair(EventBatch batch, UsageRowWriter rows, LoaderTerm term) => Create(Insert + Absent + Format, term)
        .With("first", batch.FirstPosition).With("last", batch.LastPosition)
        .With("earliest", DateTimeOffset.FromUnixTimeMilliseconds(rows.EarliestMilliseconds))
        .With("latest", DateTimeOffset.FromUnixTimeMilliseconds(rows.LatestMilliseconds))
        .Set("insert_deduplicate", 0);

    private static ClickHouseStatement Create(string sql, LoaderTerm term) => LoaderTerms.Name(new ClickHouseStatement(sql), term)
        // Texts stay texts, whatever they look like.
        .Set("input_format_binary_read_json_as_string", 1)
        .Set("input_format_try_infer_dates", 0)
        .Set("input_format_try_infer_datetimes", 0)
        .Set("input_format_json_try_infer_numbers_from_strings", 0)
        .Set("type_json_skip_duplicated_paths", 1)
        // Old data imported at once, or hostile timestamps: a batch may touch any number of months.
        .Set("max_partitions_per_insert_block", 0);
}

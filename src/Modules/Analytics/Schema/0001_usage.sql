-- One row per event. PostgreSQL has removed duplicates and no batch is inserted twice, so no query needs FINAL.
-- kind is EventKind: 1 recorded, 2 amended. Sums use the sorting key; counts by day and hour use the projections.
CREATE TABLE IF NOT EXISTS usage (
  organization_id UInt32,
  code LowCardinality(String),
  source LowCardinality(String),
  external_customer_id String CODEC(ZSTD(1)),
  transaction_id String CODEC(ZSTD(1)),
  timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  position UInt64 CODEC(Delta, ZSTD(1)),
  digest UInt64 CODEC(NONE),
  kind UInt8 CODEC(ZSTD(1)),
  ingested_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  properties JSON(max_dynamic_paths=32) CODEC(ZSTD(1)),
  PROJECTION p_day (SELECT organization_id, code, external_customer_id, toStartOfDay(timestamp), kind, count()
                    GROUP BY organization_id, code, external_customer_id, toStartOfDay(timestamp), kind),
  PROJECTION p_hour (SELECT organization_id, code, toStartOfHour(timestamp), kind, count()
                     GROUP BY organization_id, code, toStartOfHour(timestamp), kind)
) ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (organization_id, code, external_customer_id, timestamp)
SETTINGS non_replicated_deduplication_window = 10000, object_shared_data_serialization_version = 'map_with_buckets'
-- next: events that no longer count, by position. The other columns let a query read few of the rows
CREATE TABLE IF NOT EXISTS voids (
  organization_id UInt32,
  code LowCardinality(String),
  external_customer_id String,
  timestamp DateTime64(3, 'UTC'),
  position UInt64
) ENGINE = MergeTree
ORDER BY (organization_id, code, external_customer_id, timestamp, position)
SETTINGS non_replicated_deduplication_window = 10000
-- next: all events up to position are in usage and on disk. Stored here and not in PostgreSQL, so that a checkpoint is always as old as the rows
CREATE TABLE IF NOT EXISTS loader_checkpoints (
  `group` String,
  position UInt64,
  at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(position)
ORDER BY `group`
-- next: the fence of loading before step 2, which replaces this table by loader_epochs
CREATE TABLE IF NOT EXISTS loader_terms (
  `group` String,
  term UInt64,
  owner String,
  at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(term)
ORDER BY `group`

-- One row an event, written once: PostgreSQL has deduplicated already, and no batch enters twice, so nothing here needs FINAL.
-- kind is EventKind: 1 recorded, 2 amended. Sums go by the sort key; counts by day and hour come from the projections.
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
-- next: events that no longer count, by position; the other columns are there to read few of them
CREATE TABLE IF NOT EXISTS voids (
  organization_id UInt32,
  code LowCardinality(String),
  external_customer_id String,
  timestamp DateTime64(3, 'UTC'),
  position UInt64
) ENGINE = MergeTree
ORDER BY (organization_id, code, external_customer_id, timestamp, position)
SETTINGS non_replicated_deduplication_window = 10000
-- next: up to which position everything is in usage and on disk. It lives here and not in the log's database, so that it is as old as the rows are
CREATE TABLE IF NOT EXISTS loader_checkpoints (
  `group` String,
  position UInt64,
  at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(position)
ORDER BY `group`
-- next: who may load. An insert names its term and is refused when that is not the last one: what a host sends that was paused, or that was given up, comes to nothing
CREATE TABLE IF NOT EXISTS loader_terms (
  `group` String,
  term UInt64,
  owner String,
  at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(term)
ORDER BY `group`

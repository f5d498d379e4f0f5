-- The fence of loading under its new name: partition instead of group, epoch instead of term. A version column cannot be renamed, so the rows are copied.
CREATE TABLE IF NOT EXISTS loader_epochs (
  partition String,
  epoch UInt64,
  owner String,
  at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree(epoch)
ORDER BY partition
-- next: fences hosts of an earlier version before the rows are copied. Their inserts read the column owner and fail with UNKNOWN_IDENTIFIER, which they retry without blaming an event.
-- The old table stays for that reason: if it were missing, they would send events to the dead letters.
ALTER TABLE loader_terms RENAME COLUMN IF EXISTS owner TO last_owner
-- next: a second copy of a row changes nothing
INSERT INTO loader_epochs SELECT `group`, term, last_owner, at FROM loader_terms

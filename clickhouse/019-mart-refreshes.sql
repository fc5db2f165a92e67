-- How fresh every stored mart is. In: the refresher. Out: the refresher, status, metrics.

CREATE TABLE IF NOT EXISTS mart_refreshes_rows
(
    mart LowCardinality(String) COMMENT 'Table that is kept, without _rows',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from, where it is computed as a whole; else 0',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    refreshed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was last known to be up to date: all that was stored before is in it; NULL = never',
    rows_written UInt64 COMMENT 'Rows that the last look replaced; 0 = it was up to date',
    seconds Float64 COMMENT 'How long that took, in seconds',
    error String COMMENT 'Why the last look failed; empty = it did not',
    checked_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was last looked at'
)
ENGINE = ReplacingMergeTree(checked_at)
ORDER BY mart
SETTINGS min_age_to_force_merge_seconds = 60
COMMENT 'What became of the last refreshes as stored, several rows per mart until they are merged. Read the view mart_refreshes.';

CREATE OR REPLACE VIEW mart_refreshes
(
    mart LowCardinality(String) COMMENT 'Table that is kept, without _rows',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from, where it is computed as a whole; else 0',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    refreshed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was last known to be up to date: all that was stored before is in it; NULL = never',
    rows_written UInt64 COMMENT 'Rows that the last look replaced; 0 = it was up to date',
    seconds Float64 COMMENT 'How long that took, in seconds',
    error String COMMENT 'Why the last look failed; empty = it did not',
    checked_at DateTime64(3, 'UTC') COMMENT 'When it was last looked at'
)
AS
SELECT
    mart,
    version,
    made_by,
    refreshed_at,
    rows_written,
    seconds,
    error,
    checked_at
FROM mart_refreshes_rows FINAL
COMMENT 'One row per stored mart: when it was last up to date, and what its last refresh did.';

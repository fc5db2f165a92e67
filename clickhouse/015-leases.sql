-- Who may do what only one may do at a time. In: commands such as ingest. Out: the same commands.

CREATE TABLE IF NOT EXISTS leases_rows
(
    name LowCardinality(String) COMMENT 'What is held: cold_writes = adding events besides the processors (ingest, reprocess, replay)',
    holder UUID COMMENT 'Who holds it: one run of a command',
    command String COMMENT 'The command, for whoever is told to wait',
    host String COMMENT 'Host it runs on',
    pid UInt32 COMMENT 'Its process on that host',
    acquired_at DateTime64(3, 'UTC') COMMENT 'When it was asked for',
    expires_at DateTime64(3, 'UTC') COMMENT 'Until when it holds unless renewed; in the past once it was given back',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (name, holder)
TTL toDateTime(expires_at) + INTERVAL 1 DAY
COMMENT 'Leases as stored: one row per holder after merging.';

-- The user-days once more, ordered by user. In: user_day_rows. Out: whatever is computed user by user.

CREATE TABLE IF NOT EXISTS user_history_rows
(
    user_id String COMMENT 'User, as the producer names them',
    event_date Date COMMENT 'Calendar day in the configured time zone',
    source LowCardinality(String) COMMENT 'Source whose events are folded here: topic/partition, file:NAME, or SOURCE#late',
    events UInt32 COMMENT 'Number of distinct accepted events; 0 = a row that is no longer' CODEC(T64, LZ4),
    event_counts Map(LowCardinality(String), UInt32) COMMENT 'Number of events by event type',
    first_event_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds' CODEC(T64, LZ4),
    last_event_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds' CODEC(T64, LZ4),
    first_event_id String COMMENT 'event_id of the first event by (event_time, event_id)',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event, NULL included',
    first_utm_source LowCardinality(Nullable(String)) COMMENT 'utm_source of the first event, NULL included',
    first_country LowCardinality(Nullable(String)) COMMENT 'country of the first event, NULL included',
    session_fragments Array(Tuple(start DateTime64(6, 'UTC'), end DateTime64(6, 'UTC'), events UInt32, event_counts Map(String, UInt32))) COMMENT 'Maximal runs of events, without server-side ones, whose inner gaps are at most the session gap; sorted by start',
    miles_ledger Array(Tuple(time DateTime64(6, 'UTC'), event_id String, delta Int64)) COMMENT 'Events that moved miles, earned ones positive; sorted by (time, event_id)',
    version UInt64 COMMENT 'rules epoch * 2^32 + number of distinct accepted events: the highest row of a key counts'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(event_date)
ORDER BY (user_id, event_date, source)
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'The rows of user_day_rows ordered by user, so that the history of few users is read without that of all others; the row with the highest version of a key counts.';

-- A refresh reads the whole history of some users: of months in which they were not there, it reads nothing.
ALTER TABLE user_history_rows ADD INDEX IF NOT EXISTS users user_id TYPE bloom_filter(0.0001);

CREATE MATERIALIZED VIEW IF NOT EXISTS user_history_feed TO user_history_rows
(
    user_id String COMMENT 'User, as the producer names them',
    event_date Date COMMENT 'Calendar day in the configured time zone',
    source LowCardinality(String) COMMENT 'Source whose events are folded here: topic/partition, file:NAME, or SOURCE#late',
    events UInt32 COMMENT 'Number of distinct accepted events; 0 = a row that is no longer',
    event_counts Map(LowCardinality(String), UInt32) COMMENT 'Number of events by event type',
    first_event_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    last_event_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    first_event_id String COMMENT 'event_id of the first event by (event_time, event_id)',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event, NULL included',
    first_utm_source LowCardinality(Nullable(String)) COMMENT 'utm_source of the first event, NULL included',
    first_country LowCardinality(Nullable(String)) COMMENT 'country of the first event, NULL included',
    session_fragments Array(Tuple(start DateTime64(6, 'UTC'), end DateTime64(6, 'UTC'), events UInt32, event_counts Map(String, UInt32))) COMMENT 'Maximal runs of events, without server-side ones, whose inner gaps are at most the session gap; sorted by start',
    miles_ledger Array(Tuple(time DateTime64(6, 'UTC'), event_id String, delta Int64)) COMMENT 'Events that moved miles, earned ones positive; sorted by (time, event_id)',
    version UInt64 COMMENT 'rules epoch * 2^32 + number of distinct accepted events: the highest row of a key counts'
)
AS
SELECT
    user_id,
    event_date,
    source,
    events,
    event_counts,
    first_event_at,
    last_event_at,
    first_event_id,
    first_platform,
    first_utm_source,
    first_country,
    session_fragments,
    miles_ledger,
    version
FROM user_day_rows
COMMENT 'Feeds user_history_rows with every row that is inserted into user_day_rows.';

-- What was there before the feed was. A row that comes both ways is the same row.
INSERT INTO user_history_rows
SELECT
    user_id,
    event_date,
    source,
    events,
    event_counts,
    first_event_at,
    last_event_at,
    first_event_id,
    first_platform,
    first_utm_source,
    first_country,
    session_fragments,
    miles_ledger,
    version
FROM user_day_rows;

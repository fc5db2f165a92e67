-- What each user did each day. In: the processor. Out: the view `user_days`.

CREATE TABLE IF NOT EXISTS user_day_rows
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of the user, a hash of user_id: the unit in which the processor loads users',
    user_id String COMMENT 'User, as the producer names them',
    source LowCardinality(String) COMMENT 'Source whose events are folded here: topic/partition, file:NAME, or SOURCE#late',
    events UInt32 COMMENT 'Number of distinct accepted events; 0 = a row that is no longer, hidden by the view' CODEC(T64, LZ4),
    event_counts Map(LowCardinality(String), UInt32) COMMENT 'Number of events by event type',
    first_event_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds' CODEC(T64, LZ4),
    last_event_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds' CODEC(T64, LZ4),
    first_event_id String COMMENT 'event_id of the first event by (event_time, event_id)',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event, NULL included',
    first_utm_source LowCardinality(Nullable(String)) COMMENT 'utm_source of the first event, NULL included',
    first_country LowCardinality(Nullable(String)) COMMENT 'country of the first event, NULL included',
    platforms Array(LowCardinality(String)) COMMENT 'The platforms of the events, each once, sorted',
    platform_counts Map(Tuple(String, String), UInt32) COMMENT 'Number of events by (platform, event type), of the events that name a platform',
    miles_earned Int64 COMMENT 'Sum of the miles earned' CODEC(T64, LZ4),
    miles_redeemed Int64 COMMENT 'Sum of the miles redeemed' CODEC(T64, LZ4),
    miles_earned_events UInt32 COMMENT 'Number of events that earned miles' CODEC(T64, LZ4),
    miles_redeemed_events UInt32 COMMENT 'Number of events that redeemed miles' CODEC(T64, LZ4),
    session_fragments Array(Tuple(start DateTime64(6, 'UTC'), end DateTime64(6, 'UTC'), events UInt32, event_counts Map(String, UInt32))) COMMENT 'Maximal runs of events, without server-side ones, whose inner gaps are at most the session gap; sorted by start',
    miles_ledger Array(Tuple(time DateTime64(6, 'UTC'), event_id String, delta Int64)) COMMENT 'Events that moved miles, earned ones positive; sorted by (time, event_id)',
    version UInt64 COMMENT 'rules epoch * 2^32 + number of distinct accepted events: the highest row of a key counts',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored' CODEC(Delta, LZ4)
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(event_date)
ORDER BY (event_date, bucket, user_id, source)
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Aggregates per day, user and source as stored; the row with the highest version of a key counts. Read the view user_days.';

CREATE OR REPLACE VIEW user_days
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    user_id String COMMENT 'User, as the producer names them',
    events UInt32 COMMENT 'Number of distinct accepted events',
    event_counts Map(LowCardinality(String), UInt32) COMMENT 'Number of events by event type',
    first_event_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    last_event_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    first_event_id String COMMENT 'event_id of the first event by (event_time, event_id)',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event, NULL included',
    first_utm_source LowCardinality(Nullable(String)) COMMENT 'utm_source of the first event, NULL included',
    first_country LowCardinality(Nullable(String)) COMMENT 'country of the first event, NULL included',
    platforms Array(LowCardinality(String)) COMMENT 'The platforms of the events, each once, sorted',
    platform_counts Map(Tuple(String, String), UInt32) COMMENT 'Number of events by (platform, event type), of the events that name a platform',
    miles_earned Int64 COMMENT 'Sum of the miles earned',
    miles_redeemed Int64 COMMENT 'Sum of the miles redeemed',
    miles_earned_events UInt32 COMMENT 'Number of events that earned miles',
    miles_redeemed_events UInt32 COMMENT 'Number of events that redeemed miles',
    session_fragments Array(Tuple(start DateTime64(6, 'UTC'), end DateTime64(6, 'UTC'), events UInt32, event_counts Map(String, UInt32))) COMMENT 'Maximal runs of events, without server-side ones, whose inner gaps are at most the session gap; sorted by start',
    miles_ledger Array(Tuple(time DateTime64(6, 'UTC'), event_id String, delta Int64)) COMMENT 'Events that moved miles, earned ones positive; sorted by (time, event_id)',
    version UInt64 COMMENT 'Sum over the sources of rules epoch * 2^32 + number of distinct accepted events; it only grows',
    updated_at DateTime64(3, 'UTC') COMMENT 'When the latest of the rows was stored'
)
AS
WITH
    (SELECT toInt64(ifNull(argMax(session_gap_seconds, epoch), 1800) * 1000000) FROM rules) AS gap
SELECT
    r.event_date AS event_date,
    r.user_id AS user_id,
    toUInt32(sum(r.events)) AS events,
    sumMap(r.event_counts) AS event_counts,
    min(r.first_event_at) AS first_event_at,
    max(r.last_event_at) AS last_event_at,
    argMin(r.first_event_id, (r.first_event_at, r.first_event_id)) AS first_event_id,
    argMin(tuple(r.first_platform), (r.first_event_at, r.first_event_id)).1 AS first_platform,
    argMin(tuple(r.first_utm_source), (r.first_event_at, r.first_event_id)).1 AS first_utm_source,
    argMin(tuple(r.first_country), (r.first_event_at, r.first_event_id)).1 AS first_country,
    arraySort(groupUniqArrayArray(r.platforms)) AS platforms,
    sumMap(r.platform_counts) AS platform_counts,
    sum(r.miles_earned) AS miles_earned,
    sum(r.miles_redeemed) AS miles_redeemed,
    toUInt32(sum(r.miles_earned_events)) AS miles_earned_events,
    toUInt32(sum(r.miles_redeemed_events)) AS miles_redeemed_events,
    groupArray(r.session_fragments)[1] AS session_fragments,
    groupArrayArray(r.miles_ledger) AS miles_ledger,
    sum(r.version) AS version,
    max(r.updated_at) AS updated_at
FROM user_day_rows AS r FINAL
WHERE r.events > 0
GROUP BY
    r.event_date,
    r.bucket,
    r.user_id
COMMENT 'One row per user and day with accepted events: a fold over the distinct events of that user and day, all sources combined.';

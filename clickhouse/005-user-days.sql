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

CREATE TABLE IF NOT EXISTS user_sources_rows
(
    user_hash UInt64 COMMENT 'cityHash64 of user_id',
    first_source SimpleAggregateFunction(min, String) COMMENT 'First by name of the sources that have had events of the user',
    last_source SimpleAggregateFunction(max, String) COMMENT 'Last by name of these sources; the same as the first while there is one'
)
ENGINE = AggregatingMergeTree
ORDER BY user_hash
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Whether the events of a user have come by one source or by several, as stored; several rows per user until they are merged.';

CREATE MATERIALIZED VIEW IF NOT EXISTS user_sources_feed TO user_sources_rows
(
    user_hash UInt64 COMMENT 'cityHash64 of user_id',
    first_source String COMMENT 'First by name of the sources',
    last_source String COMMENT 'Last by name of the sources'
)
AS
SELECT
    cityHash64(user_id) AS user_hash,
    min(source::String) AS first_source,
    max(source::String) AS last_source
FROM user_day_rows
GROUP BY user_hash
COMMENT 'Feeds user_sources_rows with every row that is inserted into user_day_rows.';

-- What was there before the feed was. What comes both ways is the same.
INSERT INTO user_sources_rows
SELECT
    cityHash64(user_id) AS user_hash,
    min(source::String) AS first_source,
    max(source::String) AS last_source
FROM user_day_rows
GROUP BY user_hash;

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
-- Nearly every user has one source, and then their rows are the answer. Those of the few that have had
-- more are combined. Who they are is kept apart: to find them among all rows would cost more than all the rest.
SELECT
    r.event_date AS event_date,
    r.user_id AS user_id,
    r.events AS events,
    r.event_counts AS event_counts,
    r.first_event_at AS first_event_at,
    r.last_event_at AS last_event_at,
    r.first_event_id AS first_event_id,
    r.first_platform AS first_platform,
    r.first_utm_source AS first_utm_source,
    r.first_country AS first_country,
    r.platforms AS platforms,
    r.platform_counts AS platform_counts,
    r.miles_earned AS miles_earned,
    r.miles_redeemed AS miles_redeemed,
    r.miles_earned_events AS miles_earned_events,
    r.miles_redeemed_events AS miles_redeemed_events,
    r.session_fragments AS session_fragments,
    r.miles_ledger AS miles_ledger,
    r.version AS version,
    r.updated_at AS updated_at
FROM user_day_rows AS r FINAL
WHERE r.events > 0 AND cityHash64(r.user_id) NOT IN
(
    SELECT user_hash
    FROM user_sources_rows
    GROUP BY user_hash
    HAVING min(first_source) != max(last_source)
)
UNION ALL
WITH
    assumeNotNull((SELECT ifNull(argMaxOrNull(session_gap_seconds, epoch), 1800) * 1000000 FROM rules)) AS gap_microseconds,
    arraySort(fragment -> (fragment.start, fragment.end), groupArrayArray(r.session_fragments)) AS fragments,
    -- Fragments of several sources belong together where one starts within the session gap of the end
    -- of those before it.
    arraySplit(
        (fragment, at) -> at > 1 AND
            toUnixTimestamp64Micro(fragment.start)
            - arrayMax(earlier -> toUnixTimestamp64Micro(earlier.end), arraySlice(fragments, 1, at - 1))
            > gap_microseconds,
        fragments,
        arrayEnumerate(fragments)
    ) AS runs,
    sumMap(mapKeys(r.platform_counts), mapValues(r.platform_counts)) AS pairs
SELECT
    r.event_date AS event_date,
    r.user_id AS user_id,
    toUInt32(sum(r.events)) AS events,
    CAST(sumMap(r.event_counts), 'Map(LowCardinality(String), UInt32)') AS event_counts,
    min(r.first_event_at) AS first_event_at,
    max(r.last_event_at) AS last_event_at,
    argMin(r.first_event_id, (r.first_event_at, r.first_event_id)) AS first_event_id,
    argMin(tuple(r.first_platform), (r.first_event_at, r.first_event_id)).1 AS first_platform,
    argMin(tuple(r.first_utm_source), (r.first_event_at, r.first_event_id)).1 AS first_utm_source,
    argMin(tuple(r.first_country), (r.first_event_at, r.first_event_id)).1 AS first_country,
    arraySort(groupUniqArrayArray(r.platforms)) AS platforms,
    CAST(mapFromArrays(pairs.1, pairs.2), 'Map(Tuple(String, String), UInt32)') AS platform_counts,
    sum(r.miles_earned) AS miles_earned,
    sum(r.miles_redeemed) AS miles_redeemed,
    toUInt32(sum(r.miles_earned_events)) AS miles_earned_events,
    toUInt32(sum(r.miles_redeemed_events)) AS miles_redeemed_events,
    -- Of one source they stay as they are, under whatever rules they were made.
    CAST(
        if(count() = 1, any(r.session_fragments), arrayMap(
            run -> (
                run[1].start,
                arrayMax(fragment -> fragment.end, run),
                arraySum(fragment -> fragment.events, run),
                arrayReduce('sumMap', arrayMap(fragment -> fragment.event_counts, run))
            ),
            runs
        )),
        'Array(Tuple(start DateTime64(6, \'UTC\'), end DateTime64(6, \'UTC\'), events UInt32, event_counts Map(String, UInt32)))'
    ) AS session_fragments,
    arraySort(entry -> (entry.time, entry.event_id), groupArrayArray(r.miles_ledger)) AS miles_ledger,
    sum(r.version) AS version,
    max(r.updated_at) AS updated_at
FROM user_day_rows AS r FINAL
WHERE r.events > 0 AND cityHash64(r.user_id) IN
(
    SELECT user_hash
    FROM user_sources_rows
    GROUP BY user_hash
    HAVING min(first_source) != max(last_source)
)
GROUP BY
    r.event_date,
    r.bucket,
    r.user_id
COMMENT 'One row per user and day with accepted events: a fold over the distinct events of that user and day, all sources combined.';

-- What users did in their first week. In: user_history_rows and the catalogue. Out: people, scoring.
-- A line `-- wide:` stands for one such line per event type, see src/warehouse/wide-columns.ts.

CREATE TABLE IF NOT EXISTS user_first_week_rows
(
    user_id String COMMENT 'User, as the producer names them',
    creation_date Date COMMENT 'Calendar day from which day_index counts, which is day 0: that of the first event',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event, NULL included',
    event_counts Map(String, UInt64) COMMENT 'Number of events by event type on day_index 0 to 6; empty = the user has no events any more',
    event_days Map(String, UInt64) COMMENT 'Number of distinct days by event type on day_index 0 to 6',
    is_retained Bool COMMENT 'Whether there is an event of a type that counts as active in the window of retention, open or not',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'The first week of every user as stored; the row with the highest version of a user counts. Read the view user_first_week.';

-- refresh user_first_week_rows by user_id from user_history_rows
INSERT INTO user_first_week_rows (user_id, creation_date, first_platform, event_counts, event_days, is_retained, version, made_by)
WITH
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active) AS inactive_types,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_first_day') AS retention_first_day,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_last_day') AS retention_last_day,
    toInt32(h.event_date) - toInt32(c.first_date) AS day_index,
    h.events > 0 AND day_index BETWEEN 0 AND 6 AS in_week
SELECT
    h.user_id AS user_id,
    any(c.first_date) AS creation_date,
    argMinIf(tuple(h.first_platform), (h.first_event_at, h.first_event_id), h.events > 0).1 AS first_platform,
    CAST(sumMapIf(h.event_counts, in_week), 'Map(String, UInt64)') AS event_counts,
    -- A bit per day, for a day may have several sources.
    CAST(
        mapApply(
            (type, days) -> (type, bitCount(days)),
            groupBitOrMapIf(mapApply((type, count) -> (type, bitShiftLeft(toUInt8(1), greatest(day_index, 0))), h.event_counts), in_week)
        ),
        'Map(String, UInt64)'
    ) AS event_days,
    max(
        h.events > 0
        AND day_index BETWEEN retention_first_day AND retention_last_day
        AND arrayExists(type -> NOT has(inactive_types, type), mapKeys(h.event_counts))
    )::Bool AS is_retained,
    -- The two readings may see different rows. Then the lower sum says that there is more to be seen.
    least(sum(h.version), any(c.version)) AS version,
    {made_by: UInt64} AS made_by
FROM user_history_rows AS h FINAL
INNER JOIN
(
    SELECT
        user_id,
        minIf(first.event_date, first.events > 0) AS first_date,
        sum(first.version) AS version
    FROM user_history_rows AS first FINAL
    WHERE user_id IN ({stale})
    GROUP BY user_id
) AS c ON c.user_id = h.user_id
WHERE h.user_id IN ({stale})
GROUP BY h.user_id;

CREATE OR REPLACE VIEW user_first_week
(
    user_id String COMMENT 'User, as the producer names them',
    creation_date Date COMMENT 'Calendar day from which day_index counts, which is day 0: that of the first event',
    event_counts_f7d Map(String, UInt64) COMMENT 'Number of events by event type on day_index 0 to 6',
    event_days_f7d Map(String, UInt64) COMMENT 'Number of distinct days by event type on day_index 0 to 6',
    -- wide: cnt_{type}_events_f7d UInt64 COMMENT 'Number of events of the type {type} on day_index 0 to 6'
    -- wide: cnt_days_{type}_f7d UInt64 COMMENT 'Number of distinct days with events of the type {type} on day_index 0 to 6'
    -- wide: has_{type}_f7d UInt8 COMMENT '1 with an event of the type {type} on day_index 0 to 6, else 0'
    f7d_complete Bool COMMENT 'Whether the first week is settled: its last day is complete',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    (SELECT ifNull(maxOrNull(complete_before), toDate(0)) FROM stream_watermarks WHERE stream = 'app-events') AS complete_before
SELECT
    user_id,
    creation_date,
    w.event_counts AS event_counts_f7d,
    w.event_days AS event_days_f7d,
    -- wide: w.event_counts['{type}'] AS cnt_{type}_events_f7d
    -- wide: w.event_days['{type}'] AS cnt_days_{type}_f7d
    -- wide: mapContains(w.event_counts, '{type}')::UInt8 AS has_{type}_f7d
    (toInt32(creation_date) + 6 < toInt32(complete_before))::Bool AS f7d_complete,
    computed_at
FROM user_first_week_rows AS w FINAL
WHERE notEmpty(w.event_counts)
COMMENT 'One row per user: what they did on the first seven days, by event type. Scoring learns from it.';

CREATE OR REPLACE VIEW dim_user_early_engagement
(
    user_id String COMMENT 'User, as the producer names them',
    creation_date Date COMMENT 'Calendar day from which day_index counts, which is day 0: that of the first event',
    creation_app_platform LowCardinality(Nullable(String)) COMMENT 'Platform on which the user began: that of the first event, NULL included',
    event_counts_f7d Map(String, UInt64) COMMENT 'Number of events by event type on day_index 0 to 6',
    event_days_f7d Map(String, UInt64) COMMENT 'Number of distinct days by event type on day_index 0 to 6',
    -- wide: cnt_{type}_events_f7d UInt64 COMMENT 'Number of events of the type {type} on day_index 0 to 6'
    -- wide: cnt_days_{type}_f7d UInt64 COMMENT 'Number of distinct days with events of the type {type} on day_index 0 to 6'
    -- wide: has_{type}_f7d UInt8 COMMENT '1 with an event of the type {type} on day_index 0 to 6, else 0'
    f7d_complete Bool COMMENT 'Whether the first week is settled: its last day is complete',
    is_retained_4_weeks Nullable(UInt8) COMMENT '1 with an event of a type that counts as active on day_index retention_first_day to retention_last_day (see view_settings, 22 to 28), else 0; NULL while not all of these days are complete',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    (SELECT ifNull(maxOrNull(complete_before), toDate(0)) FROM stream_watermarks WHERE stream = 'app-events') AS complete_before,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_last_day') AS retention_last_day
SELECT
    user_id,
    creation_date,
    first_platform AS creation_app_platform,
    w.event_counts AS event_counts_f7d,
    w.event_days AS event_days_f7d,
    -- wide: w.event_counts['{type}'] AS cnt_{type}_events_f7d
    -- wide: w.event_days['{type}'] AS cnt_days_{type}_f7d
    -- wide: mapContains(w.event_counts, '{type}')::UInt8 AS has_{type}_f7d
    (toInt32(creation_date) + 6 < toInt32(complete_before))::Bool AS f7d_complete,
    if(toInt32(creation_date) + retention_last_day < toInt32(complete_before), is_retained::UInt8, NULL) AS is_retained_4_weeks,
    computed_at
FROM user_first_week_rows AS w FINAL
WHERE notEmpty(w.event_counts)
COMMENT 'One row per user: the first week, the platform on which they began, and whether they were still there four weeks later.';

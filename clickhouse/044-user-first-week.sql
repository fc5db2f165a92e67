-- What users did in their first week. In: user_history_rows, the users' attributes and the catalogue. Out: people, scoring.
-- A line `-- wide:` stands for one such line per event type, see src/warehouse/wide-columns.ts.

CREATE TABLE IF NOT EXISTS user_first_week_rows
(
    user_id String COMMENT 'User, as the producer names them',
    creation_date Date COMMENT 'Calendar day from which day_index counts, which is day 0: that of created_at of the user''s attributes where known, else that of the first event',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event, NULL included',
    event_counts Map(String, UInt64) COMMENT 'Number of events by event type on day_index 0 to 6',
    event_days Map(String, UInt64) COMMENT 'Number of distinct days by event type on day_index 0 to 6',
    is_retained Bool COMMENT 'Whether there is an event of a type that counts as active in the window of retention, open or not',
    creation_platform LowCardinality(Nullable(String)) COMMENT 'creation_platform of the user''s attributes; NULL while it is not known',
    retained_label Nullable(Int32) COMMENT 'retained_label of the user''s attributes; NULL while there is none',
    is_known Bool DEFAULT notEmpty(event_counts) COMMENT 'Whether the user has an event or attributes; others are hidden by the view',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'The first week of every user as stored; the row with the highest version of a user counts. Read the view user_first_week.';

ALTER TABLE user_first_week_rows
    ADD COLUMN IF NOT EXISTS creation_platform LowCardinality(Nullable(String)) COMMENT 'creation_platform of the user''s attributes; NULL while it is not known' AFTER is_retained,
    ADD COLUMN IF NOT EXISTS retained_label Nullable(Int32) COMMENT 'retained_label of the user''s attributes; NULL while there is none' AFTER creation_platform,
    ADD COLUMN IF NOT EXISTS is_known Bool DEFAULT notEmpty(event_counts) COMMENT 'Whether the user has an event or attributes; others are hidden by the view' AFTER retained_label;

-- refresh user_first_week_rows by user_id from user_history_rows and user_attribute_rows
INSERT INTO user_first_week_rows (user_id, creation_date, first_platform, event_counts, event_days, is_retained, creation_platform, retained_label, is_known, version, made_by)
WITH
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active) AS inactive_types,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_first_day') AS retention_first_day,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_last_day') AS retention_last_day,
    toInt32(h.event_date) - toInt32(ifNull(c.known_from, toDate(0))) AS day_index,
    h.events > 0 AND day_index BETWEEN 0 AND 6 AS in_week
SELECT
    c.user_id AS user_id,
    ifNull(any(c.known_from), toDate(0)) AS creation_date,
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
    any(c.creation_platform) AS creation_platform,
    any(c.retained_label) AS retained_label,
    (any(c.known_from) IS NOT NULL)::Bool AS is_known,
    -- The history is read twice, and may grow in between. Then the lower sum says that there is more to be seen.
    least(sum(h.version), any(c.history_version)) + any(c.attributes_version) AS version,
    {made_by: UInt64} AS made_by
FROM
(
    SELECT *
    FROM user_history_rows FINAL
    WHERE user_id IN ({stale})
) AS h
-- Who has attributes and no events has a row too.
RIGHT JOIN
(
    SELECT
        user_id,
        coalesce(any(registration_date), any(first_date)) AS known_from,
        any(platform) AS creation_platform,
        any(label) AS retained_label,
        sum(version_of_history) AS history_version,
        sum(version_of_attributes) AS attributes_version
    FROM
    (
        SELECT
            user_id,
            minOrNullIf(f.event_date, f.events > 0) AS first_date,
            NULL::Nullable(Date) AS registration_date,
            NULL::LowCardinality(Nullable(String)) AS platform,
            NULL::Nullable(Int32) AS label,
            sum(f.version) AS version_of_history,
            toUInt64(0) AS version_of_attributes
        FROM user_history_rows AS f FINAL
        WHERE user_id IN ({stale})
        GROUP BY user_id
        UNION ALL
        WITH
            (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone,
            (r.updated_at, ifNull(r.record_time, toDateTime64(0, 3, 'UTC')), r.offset, r.source) AS place
        SELECT
            user_id,
            NULL::Nullable(Date) AS first_date,
            argMax(tuple(if(r.deleted = 'yes', NULL, toDate(r.created_at, zone))), place).1 AS registration_date,
            argMax(tuple(r.creation_platform), place).1 AS platform,
            argMax(tuple(r.retained_label), place).1 AS label,
            toUInt64(0) AS version_of_history,
            sum(r.version) AS version_of_attributes
        FROM user_attribute_rows AS r FINAL
        WHERE user_id IN ({stale})
        GROUP BY user_id
    )
    GROUP BY user_id
) AS c ON c.user_id = h.user_id
GROUP BY c.user_id;

CREATE OR REPLACE VIEW user_first_week
(
    user_id String COMMENT 'User, as the producer names them',
    creation_date Date COMMENT 'Calendar day from which day_index counts, which is day 0: that of created_at of the user''s attributes where known, else that of the first event',
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
WHERE w.is_known
COMMENT 'One row per user: what they did on the first seven days, by event type. Scoring learns from it.';

CREATE OR REPLACE VIEW dim_user_early_engagement
(
    user_id String COMMENT 'User, as the producer names them',
    creation_date Date COMMENT 'Calendar day from which day_index counts, which is day 0: that of created_at of the user''s attributes where known, else that of the first event',
    creation_app_platform LowCardinality(Nullable(String)) COMMENT 'Platform on which the account was created, by the user''s attributes; while it is not known that of the first event, NULL included',
    event_counts_f7d Map(String, UInt64) COMMENT 'Number of events by event type on day_index 0 to 6',
    event_days_f7d Map(String, UInt64) COMMENT 'Number of distinct days by event type on day_index 0 to 6',
    -- wide: cnt_{type}_events_f7d UInt64 COMMENT 'Number of events of the type {type} on day_index 0 to 6'
    -- wide: cnt_days_{type}_f7d UInt64 COMMENT 'Number of distinct days with events of the type {type} on day_index 0 to 6'
    -- wide: has_{type}_f7d UInt8 COMMENT '1 with an event of the type {type} on day_index 0 to 6, else 0'
    f7d_complete Bool COMMENT 'Whether the first week is settled: its last day is complete',
    is_retained_4_weeks Nullable(UInt8) COMMENT '1 with an event of a type that counts as active on day_index retention_first_day to retention_last_day (see view_settings, 22 to 28), else 0; NULL while not all of these days are complete. With external_retention_label (see view_settings) a retained_label of the user''s attributes goes before that: 0 stays 0, all else is 1',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    (SELECT ifNull(maxOrNull(complete_before), toDate(0)) FROM stream_watermarks WHERE stream = 'app-events') AS complete_before,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_last_day') AS retention_last_day,
    (SELECT argMax(value, updated_at) != 0 FROM view_settings WHERE name = 'external_retention_label') AS external_label
SELECT
    user_id,
    creation_date,
    ifNull(w.creation_platform, w.first_platform) AS creation_app_platform,
    w.event_counts AS event_counts_f7d,
    w.event_days AS event_days_f7d,
    -- wide: w.event_counts['{type}'] AS cnt_{type}_events_f7d
    -- wide: w.event_days['{type}'] AS cnt_days_{type}_f7d
    -- wide: mapContains(w.event_counts, '{type}')::UInt8 AS has_{type}_f7d
    (toInt32(creation_date) + 6 < toInt32(complete_before))::Bool AS f7d_complete,
    multiIf(
        external_label AND w.retained_label IS NOT NULL, w.retained_label != 0,
        toInt32(creation_date) + retention_last_day < toInt32(complete_before), is_retained::UInt8,
        NULL
    ) AS is_retained_4_weeks,
    computed_at
FROM user_first_week_rows AS w FINAL
WHERE w.is_known
COMMENT 'One row per user: the first week, the platform on which they began, and whether they were still there four weeks later.';

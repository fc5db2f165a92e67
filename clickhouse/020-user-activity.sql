-- On which days each user was active. In: user_history_rows and the catalogue. Out: everything about growth.

CREATE TABLE IF NOT EXISTS user_activity_rows
(
    user_id String COMMENT 'User, as the producer names them',
    active_days Array(Date) COMMENT 'The days with an event of a type that counts as active, each once, sorted; empty = never active',
    first_utm_source LowCardinality(Nullable(String)) COMMENT 'utm_source of the first event of the first active day, NULL included; where the day came by several sources, of one by which the user was active',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'The active days of each user as stored; the row with the highest version of a user counts.';

-- refresh user_activity_rows by user_id from user_history_rows
INSERT INTO user_activity_rows (user_id, active_days, first_utm_source, version, made_by)
WITH
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active) AS inactive_types
SELECT
    user_id,
    -- Several sources may have rows of one day.
    arraySort(groupUniqArrayIf(h.event_date, is_active)) AS active_days,
    argMinIf(tuple(h.first_utm_source), (h.first_event_at, h.first_event_id), is_active).1 AS first_utm_source,
    sum(h.version) AS version,
    {made_by: UInt64} AS made_by
FROM
(
    SELECT
        *,
        events > 0 AND arrayExists(type -> NOT has(inactive_types, type), event_counts.keys) AS is_active
    FROM user_history_rows FINAL
    WHERE user_id IN ({stale})
) AS h
GROUP BY user_id;

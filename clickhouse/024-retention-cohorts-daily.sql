-- How many of those who came on a day are active on each later one. In: user_activity_rows. Out: people.

CREATE TABLE IF NOT EXISTS retention_cohorts_daily_rows
(
    cohort_date Date COMMENT 'First active day of the users',
    period_date Date COMMENT 'Day on which they are counted',
    users_active UInt64 COMMENT 'Users of the cohort who are active on that day',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (cohort_date, period_date)
SETTINGS min_age_to_force_merge_seconds = 60
COMMENT 'Daily cohorts as stored: only cells with active users, or that once had some. Read the view retention_cohorts_daily.';

-- refresh retention_cohorts_daily_rows from user_activity_rows
INSERT INTO retention_cohorts_daily_rows (cohort_date, period_date, users_active, version)
SELECT
    cohort,
    period,
    users,
    {version: UInt64} AS version
FROM
(
    SELECT
        cohort,
        period,
        sum(active) AS users,
        sum(active_before) AS users_before
    FROM
    (
        SELECT
            active_days[1] AS cohort,
            arrayJoin(active_days) AS period,
            1 AS active,
            0 AS active_before
        FROM user_activity_rows FINAL
        WHERE notEmpty(active_days)
        UNION ALL
        SELECT
            cohort_date AS cohort,
            period_date AS period,
            0 AS active,
            users_active AS active_before
        FROM retention_cohorts_daily_rows FINAL
    )
    GROUP BY
        cohort,
        period
)
-- Only cells that have changed, the ones that became empty among them.
WHERE users != users_before OR {full: Bool};

CREATE OR REPLACE VIEW retention_cohorts_daily
(
    cohort_date Date COMMENT 'First active day of the users',
    period_date Date COMMENT 'Day on which they are counted',
    period_number UInt32 COMMENT 'Days from cohort_date to period_date; 0 = the day of acquisition',
    users_active UInt64 COMMENT 'Users of the cohort who are active on that day',
    cohort_size UInt64 COMMENT 'Users of the cohort',
    retention_rate Float64 COMMENT '100 * users_active / cohort_size, in percent',
    is_complete Bool COMMENT 'Whether period_date is complete',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    assumeNotNull((SELECT maxIf(period_date, users_active > 0) FROM retention_cohorts_daily_rows FINAL)) AS last_active_day,
    assumeNotNull((SELECT (max(last_day), max(complete_before)) FROM stream_watermarks WHERE stream = 'app-events')) AS watermarks,
    watermarks.1 AS watermark_day,
    watermarks.2 AS complete_before,
    grid AS
    (
        SELECT
            c.cohort_date AS cohort_date,
            c.users_active AS cohort_size,
            arrayJoin(range(toUInt64(greatest(last_active_day, watermark_day) - c.cohort_date + 1))) AS period_number,
            c.cohort_date + period_number AS period_date
        FROM retention_cohorts_daily_rows AS c FINAL
        WHERE c.period_date = c.cohort_date AND c.users_active > 0
    )
SELECT
    g.cohort_date AS cohort_date,
    g.period_date AS period_date,
    toUInt32(g.period_number) AS period_number,
    r.users_active AS users_active,
    g.cohort_size AS cohort_size,
    100 * r.users_active / g.cohort_size AS retention_rate,
    (g.period_date < complete_before)::Bool AS is_complete,
    if(r.users_active = 0, now64(3, 'UTC'), r.computed_at) AS computed_at
FROM grid AS g
LEFT JOIN (SELECT * FROM retention_cohorts_daily_rows FINAL) AS r ON r.cohort_date = g.cohort_date AND r.period_date = g.period_date
ORDER BY
    cohort_date,
    period_date
COMMENT 'Of the users who were first active on a day, how many are active on it and on each later one, up to the day of the latest watermark.';

-- How many of those who came in a month are active in each later one. In: user_activity_rows. Out: people.

CREATE TABLE IF NOT EXISTS retention_cohorts_rows
(
    cohort_month Date COMMENT 'First active month of the users; first day of the calendar month',
    period_month Date COMMENT 'Month in which they are counted; first day of the calendar month',
    users_active UInt64 COMMENT 'Users of the cohort who are active in that month',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (cohort_month, period_month)
SETTINGS min_age_to_force_merge_seconds = 60
COMMENT 'Monthly cohorts as stored: only cells with active users, or that once had some. Read the view retention_cohorts.';

-- refresh retention_cohorts_rows from user_activity_rows
INSERT INTO retention_cohorts_rows (cohort_month, period_month, users_active, version)
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
            toStartOfMonth(active_days[1]) AS cohort,
            arrayJoin(arrayDistinct(arrayMap(day -> toStartOfMonth(day), active_days))) AS period,
            1 AS active,
            0 AS active_before
        FROM user_activity_rows FINAL
        WHERE notEmpty(active_days)
        UNION ALL
        SELECT
            cohort_month AS cohort,
            period_month AS period,
            0 AS active,
            users_active AS active_before
        FROM retention_cohorts_rows FINAL
    )
    GROUP BY
        cohort,
        period
)
-- Only cells that have changed, the ones that became empty among them.
WHERE users != users_before OR {full: Bool};

CREATE OR REPLACE VIEW retention_cohorts
(
    cohort_month Date COMMENT 'First active month of the users; first day of the calendar month',
    period_month Date COMMENT 'Month in which they are counted; first day of the calendar month',
    period_number UInt32 COMMENT 'Calendar months from cohort_month to period_month; 0 = the month of acquisition',
    users_active UInt64 COMMENT 'Users of the cohort who are active in that month',
    cohort_size UInt64 COMMENT 'Users of the cohort',
    retention_rate Float64 COMMENT '100 * users_active / cohort_size, in percent',
    is_complete Bool COMMENT 'Whether every day of period_month is complete',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    assumeNotNull((SELECT maxIf(period_month, users_active > 0) FROM retention_cohorts_rows FINAL)) AS last_active_month,
    assumeNotNull((SELECT (max(last_day), max(complete_before)) FROM stream_watermarks WHERE stream = 'app-events')) AS watermarks,
    watermarks.1 AS watermark_day,
    watermarks.2 AS complete_before,
    grid AS
    (
        SELECT
            c.cohort_month AS cohort_month,
            c.users_active AS cohort_size,
            arrayJoin(range(toUInt64(dateDiff('month', c.cohort_month, greatest(last_active_month, watermark_day)) + 1))) AS period_number,
            addMonths(c.cohort_month, period_number) AS period_month
        FROM retention_cohorts_rows AS c FINAL
        WHERE c.period_month = c.cohort_month AND c.users_active > 0
    )
SELECT
    g.cohort_month AS cohort_month,
    g.period_month AS period_month,
    toUInt32(g.period_number) AS period_number,
    r.users_active AS users_active,
    g.cohort_size AS cohort_size,
    100 * r.users_active / g.cohort_size AS retention_rate,
    (toLastDayOfMonth(g.period_month) < complete_before)::Bool AS is_complete,
    if(r.users_active = 0, now64(3, 'UTC'), r.computed_at) AS computed_at
FROM grid AS g
LEFT JOIN (SELECT * FROM retention_cohorts_rows FINAL) AS r ON r.cohort_month = g.cohort_month AND r.period_month = g.period_month
ORDER BY
    cohort_month,
    period_month
COMMENT 'Of the users who were first active in a month, how many are active in it and in each later one, up to the month of the latest watermark.';

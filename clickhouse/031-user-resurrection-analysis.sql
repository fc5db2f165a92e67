-- Who comes back after how long. In: activity_by_day. Out: people.

CREATE OR REPLACE VIEW user_resurrection_analysis
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    daily_active_users UInt64 COMMENT 'DAU: distinct users with an event of an active type',
    short_dormancy_resurrections UInt64 COMMENT 'Active users whose previous active day is 2 to 7 days back',
    medium_dormancy_resurrections UInt64 COMMENT 'Active users whose previous active day is 8 to 30 days back',
    long_dormancy_resurrections UInt64 COMMENT 'Active users whose previous active day is 31 to 90 days back',
    very_long_dormancy_resurrections UInt64 COMMENT 'Active users whose previous active day is more than 90 days back',
    total_resurrections UInt64 COMMENT 'Sum of the four',
    resurrection_pct_of_dau Nullable(Float64) COMMENT 'total_resurrections in percent of DAU; NULL without active users',
    avg_dormancy_length Nullable(Float64) COMMENT 'Mean number of days back to the previous active day; NULL without resurrections',
    resurrection_effectiveness_score Nullable(Float64) COMMENT '100 * (short + 2 * medium + 3 * long + 4 * very long) / DAU; NULL without active users',
    resurrection_quality_category LowCardinality(String) COMMENT 'By resurrection_pct_of_dau: Excellent >= 30, Good >= 20, Average >= 10, Below Average >= 5, Poor: the lower, the less winning back works; Unknown = no active users',
    resurrection_pattern LowCardinality(String) COMMENT 'No Resurrections; Quick Return Focus = more short ones than all others; Long-term Recovery = more long and very long ones than short ones, win-back works; Balanced Recovery = neither; Unknown = no active users',
    avg_7d_resurrections Float64 COMMENT 'Mean of total_resurrections of this day and the 6 before, of those since the first day',
    avg_7d_resurrection_pct Nullable(Float64) COMMENT 'Mean of resurrection_pct_of_dau of this day and the 6 before, without those that have none',
    is_complete Bool COMMENT 'Whether the day is settled: it changes only when late events are applied, a file is added or an idle source wakes',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; of a day without anybody, when it was read'
)
AS
SELECT
    event_date,
    active_users AS daily_active_users,
    short_dormancy AS short_dormancy_resurrections,
    medium_dormancy AS medium_dormancy_resurrections,
    long_dormancy AS long_dormancy_resurrections,
    very_long_dormancy AS very_long_dormancy_resurrections,
    resurrected_users AS total_resurrections,
    100 * resurrected_users / nullIf(active_users, 0) AS resurrection_pct_of_dau,
    dormancy_days / nullIf(resurrected_users, 0) AS avg_dormancy_length,
    100 * (short_dormancy + 2 * medium_dormancy + 3 * long_dormancy + 4 * very_long_dormancy) / nullIf(active_users, 0) AS resurrection_effectiveness_score,
    multiIf(
        resurrection_pct_of_dau IS NULL, 'Unknown',
        resurrection_pct_of_dau >= 30, 'Excellent',
        resurrection_pct_of_dau >= 20, 'Good',
        resurrection_pct_of_dau >= 10, 'Average',
        resurrection_pct_of_dau >= 5, 'Below Average',
        'Poor'
    ) AS resurrection_quality_category,
    multiIf(
        active_users = 0, 'Unknown',
        resurrected_users = 0, 'No Resurrections',
        short_dormancy > medium_dormancy + long_dormancy + very_long_dormancy, 'Quick Return Focus',
        long_dormancy + very_long_dormancy > short_dormancy, 'Long-term Recovery',
        'Balanced Recovery'
    ) AS resurrection_pattern,
    avg(resurrected_users) OVER (ORDER BY event_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS avg_7d_resurrections,
    avg(resurrection_pct_of_dau) OVER (ORDER BY event_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS avg_7d_resurrection_pct,
    is_complete,
    computed_at
FROM activity_by_day
ORDER BY event_date
COMMENT 'By day: users who came back, by how long they had been away.';

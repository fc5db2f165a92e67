-- Miles earned and redeemed by day. In: driver_days_rows. Out: people.

CREATE OR REPLACE VIEW miles_analytics
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    daily_miles_earned Int64 COMMENT 'Miles earned',
    daily_miles_redeemed Int64 COMMENT 'Miles redeemed',
    net_miles_change Int64 COMMENT 'Earned less redeemed',
    users_earning UInt64 COMMENT 'Distinct users who earned miles',
    users_redeeming UInt64 COMMENT 'Distinct users who redeemed miles',
    earning_transactions UInt64 COMMENT 'Events that earned miles',
    redeeming_transactions UInt64 COMMENT 'Events that redeemed miles',
    cumulative_miles_earned Int64 COMMENT 'Miles earned up to and on this day, since the very first event',
    cumulative_miles_redeemed Int64 COMMENT 'Miles redeemed up to and on this day, since the very first event',
    avg_7d_miles_earned Float64 COMMENT 'Mean of daily_miles_earned of this day and the 6 before, of those since the first day',
    avg_7d_miles_redeemed Float64 COMMENT 'Mean of daily_miles_redeemed of this day and the 6 before, of those since the first day',
    is_complete Bool COMMENT 'Whether the day is settled: it changes only when late events are applied, a file is added or an idle source wakes',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; of a day without anybody, when it was read'
)
AS
WITH
    assumeNotNull((SELECT min(event_date) FROM activity_by_day)) AS first_day,
    -- Miles of types that do not count as active may be older than the first active day.
    assumeNotNull((SELECT sum(miles_earned) FROM driver_days_rows FINAL WHERE event_date < first_day)) AS earned_before,
    assumeNotNull((SELECT sum(miles_redeemed) FROM driver_days_rows FINAL WHERE event_date < first_day)) AS redeemed_before
SELECT
    a.event_date AS event_date,
    d.miles_earned AS daily_miles_earned,
    d.miles_redeemed AS daily_miles_redeemed,
    daily_miles_earned - daily_miles_redeemed AS net_miles_change,
    d.earning_users AS users_earning,
    d.redeeming_users AS users_redeeming,
    d.earning_events AS earning_transactions,
    d.redeeming_events AS redeeming_transactions,
    earned_before + sum(d.miles_earned) OVER (ORDER BY a.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS cumulative_miles_earned,
    redeemed_before + sum(d.miles_redeemed) OVER (ORDER BY a.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS cumulative_miles_redeemed,
    avg(d.miles_earned) OVER (ORDER BY a.event_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS avg_7d_miles_earned,
    avg(d.miles_redeemed) OVER (ORDER BY a.event_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS avg_7d_miles_redeemed,
    a.is_complete AS is_complete,
    greatest(a.computed_at, d.computed_at) AS computed_at
FROM activity_by_day AS a
LEFT JOIN (SELECT * FROM driver_days_rows FINAL) AS d ON d.event_date = a.event_date
ORDER BY event_date
COMMENT 'By day: miles earned and redeemed, by how many users, and what has come together so far. Events of all types, active or not.';

-- error: Every day from the first active one to the last has one row in each table of days.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT name, first_day, last_day, days
FROM
(
    SELECT 'growth_metrics' AS name, min(event_date) AS first_day, max(event_date) AS last_day, count() AS days FROM growth_metrics
    UNION ALL SELECT 'retention_quality_framework', min(event_date), max(event_date), count() FROM retention_quality_framework
    UNION ALL SELECT 'user_resurrection_analysis', min(event_date), max(event_date), count() FROM user_resurrection_analysis
    UNION ALL SELECT 'growth_drivers', min(event_date), max(event_date), count() FROM growth_drivers
    UNION ALL SELECT 'miles_analytics', min(event_date), max(event_date), count() FROM miles_analytics
)
WHERE days > 0 AND days != last_day - first_day + 1

-- error: The active users of every day are the users who have an event of an active type in user_days.
-- Kind: reconciliation
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT
    event_date,
    g.daily_active_users AS daily_active_users,
    u.users AS users
FROM
(
    SELECT event_date, uniqExact(user_id) AS users
    FROM user_days
    WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND event_date < {settled: Date}
        AND arrayExists(type -> type NOT IN (SELECT event_type FROM event_types FINAL WHERE NOT counts_as_active), mapKeys(event_counts))
    GROUP BY event_date
) AS u
FULL JOIN
(
    SELECT event_date, daily_active_users
    FROM growth_metrics
    WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND event_date < {settled: Date} AND daily_active_users > 0
) AS g USING (event_date)
WHERE ifNull(g.daily_active_users, 0) != ifNull(u.users, 0)

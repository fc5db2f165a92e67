-- error: The sessions of every user have as many events as the fragments of sessions in user_days.
-- Kind: reconciliation
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT user_id, ifNull(s.events, 0) AS of_sessions, u.events AS of_days
FROM
(
    SELECT user_id, sum(arraySum(arrayMap(fragment -> fragment.events, session_fragments))) AS events, max(event_date) AS last_day
    FROM user_days
    GROUP BY user_id
) AS u
LEFT JOIN (SELECT user_id, sum(events) AS events FROM sessions GROUP BY user_id) AS s USING (user_id)
WHERE u.last_day < {settled: Date} AND of_sessions != of_days

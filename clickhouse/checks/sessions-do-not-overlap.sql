-- error: Between two sessions of a user there is more than the session gap.
-- Kind: expression
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
WITH (SELECT ifNull(argMaxOrNull(session_gap_seconds, epoch), 1800) FROM rules) AS gap_seconds
SELECT user_id, session_id, started_at, ended_at, ended_before
FROM
(
    SELECT user_id, event_date, session_id, started_at, ended_at,
        lagInFrame(toNullable(ended_at)) OVER (PARTITION BY user_id ORDER BY started_at, ended_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS ended_before
    FROM sessions
)
WHERE event_date >= {from: Date} AND event_date <= {to: Date}
    AND (ended_at < started_at
        OR ifNull(toUnixTimestamp64Micro(started_at) - toUnixTimestamp64Micro(ended_before) <= gap_seconds * 1000000, false))

-- warn: No user has an event before the account was created.
-- Kind: expression
-- Remedy: one of the two clocks is wrong, or the attributes are of another account: ask the producers
SELECT e.user_id AS user_id, a.created_at AS created_at, min(e.event_time) AS first_event_at, count() AS events
FROM events AS e
INNER JOIN user_attributes AS a ON a.user_id = e.user_id
WHERE e.event_date >= {from: Date} AND e.event_date <= {to: Date} AND e.event_time < a.created_at
GROUP BY user_id, created_at
